"""Each batch is a trace, where an OpenTelemetry SDK is set up. Client and server are traced by real ones."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest

pytest.importorskip("opentelemetry.sdk.trace")

from tests import traced_client
from tests.serving import REPOSITORY, Server
from tests.traced_client import Read
from tests.written_spans import Span, TracedServer, serve_traced

Result = TypeVar("Result")
CALL = {"rpc.system": "grpc", "rpc.service": "patchstream.v1.DataService", "rpc.method": "Stream"}


@pytest.fixture
def server(sample_store: Path, tmp_path: Path) -> Iterator[TracedServer]:
    with serve_traced(sample_store, tmp_path) as one:
        yield one


@pytest.fixture
def client() -> Iterator[ProcessPoolExecutor]:
    """A process for clients."""
    with ProcessPoolExecutor(1, get_context("spawn")) as one:
        yield one


def done(client: ProcessPoolExecutor, work: Callable[[str], Result], server: Server | TracedServer) -> Result:
    return client.submit(work, server.address).result(120)


def is_of(batch: Read, want: Span) -> bool:
    """Whether spans below the batch would be children of the want's."""
    version, trace, span, flags = (batch.traceparent or "---").split("-")
    return (version, trace, span) == ("00", want.trace, want.id) and int(flags, 16) & 1 == 1


def serves_below(want: Span, spans: list[Span]) -> list[Span]:
    """What the server did for a want."""
    found = [span for span in spans if span.name == "patchstream.serve" and span.parent == want.id]
    assert all(span.trace == want.trace for span in found)
    return found


def test_each_want_is_a_trace_that_the_servers_spans_are_part_of_and_bytes_are_as_without_an_sdk(
    server: TracedServer, client: ProcessPoolExecutor
) -> None:
    bare, is_loaded = done(client, traced_client.read_without_api, server)
    assert not is_loaded
    without_sdk = done(client, traced_client.read_without_sdk, server)
    batches, wants = done(client, traced_client.read_traced, server)
    served = server.ended()

    assert [one.traceparent for one in bare + without_sdk] == [None] * 48
    assert [one.checksum for one in bare] == [one.checksum for one in without_sdk] == [one.checksum for one in batches]
    assert {span.trace for span in served} <= {want.trace for want in wants}, "untraced wants name no trace"

    taken_back = [want for want in wants if want.attributes["patchstream.outcome"] == "taken back"]
    received = {want.attributes["patchstream.step"]: want for want in wants if want not in taken_back}
    assert len(wants) == len(received) + len(taken_back) == len({want.trace for want in wants})
    assert sorted(received) == [batch.step for batch in batches]
    for want in wants:
        assert (want.name, want.kind, want.parent) == ("patchstream.want", "CLIENT", None)
    for batch in batches:
        want = received[batch.step]
        assert is_of(batch, want)
        assert want.attributes == CALL | {
            "patchstream.timeline": "train",
            "patchstream.rank": 0,
            "patchstream.step": batch.step,
            "patchstream.stage": batch.stage,
            "patchstream.outcome": "received",
            "patchstream.carrier": batch.carrier,
            "patchstream.batch.bytes": batch.bytes,
            "patchstream.damaged": 0,
        }
        [serve] = serves_below(want, served)
        assert (serve.attributes["patchstream.step"], serve.attributes["patchstream.stage"]) == batch[:2]
    assert taken_back
    for want in taken_back:
        assert want.attributes["patchstream.stage"] == 0
        assert received[want.attributes["patchstream.step"]].attributes["patchstream.stage"] == 1

    page = (REPOSITORY / "docs" / "reference" / "traces.md").read_text(encoding="utf8")
    for name in ["patchstream.want", *(key for want in wants for key in want.attributes)]:
        assert f"`{name}`" in page


def test_a_batch_that_came_damaged_is_asked_for_again_in_the_same_span(
    server: TracedServer, client: ProcessPoolExecutor
) -> None:
    batches, wants = done(client, traced_client.read_damaged, server)
    served = server.ended()
    assert all(is_of(batch, want) for batch, want in zip(batches, wants, strict=True))
    damaged = [want.attributes["patchstream.damaged"] for want in wants]
    assert sorted(damaged) == [0, 0, 0, 1]
    assert [len(serves_below(want, served)) for want in wants] == [1 + times for times in damaged]


def test_what_the_sdk_does_not_sample_is_traced_nowhere(server: TracedServer, client: ProcessPoolExecutor) -> None:
    batches, wants = done(client, traced_client.read_sampled, server)
    assert 0 < len(wants) < len(batches)
    traced = [batch for batch in batches if batch.traceparent is not None]
    assert all(is_of(batch, want) for batch, want in zip(traced, wants, strict=True))
    assert {span.trace for span in server.ended()} == {want.trace for want in wants}


def test_the_program_of_the_page_writes_its_own_spans_below_those_of_the_batches(
    sample_server: Server, client: ProcessPoolExecutor
) -> None:
    spans = done(client, traced_client.run_page, sample_server)
    wants = [span.id for span in spans if span.name == "patchstream.want"]
    assert len(wants) == 24
    assert [span.parent for span in spans if span.name == "step"] == wants
