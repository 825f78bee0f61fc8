"""Streams of a real server: over gRPC and a lane, in plain text, over TLS and on a Unix socket."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from patchstream.wire.batch_receiver import DTYPES
from patchstream.wire.channel import Channel, ChannelOptions, open_channel
from patchstream.wire.checksums import crc32
from patchstream.wire.credentials import Tls
from patchstream.wire.stream import (
    BatchArrived,
    BatchSkipped,
    Cancelled,
    Carrier,
    CarrierChoice,
    Over,
    StageApplied,
    Started,
)
from tests.serving import CERTIFICATES, SMALL_SPEC, Server, serve
from tests.wire.events import DescribedRun, Listener, opened

PLAIN = ChannelOptions()
TRUSTED = ChannelOptions(tls=Tls(ca=CERTIFICATES / "authority.pem"))


@pytest.fixture(scope="module")
def channel(sample_server: Server) -> Iterator[Channel]:
    channel = open_channel(sample_server.address, PLAIN)
    yield channel
    channel.close()


@pytest.fixture(scope="module")
def run(channel: Channel) -> DescribedRun:
    return DescribedRun(channel, SMALL_SPEC)


@pytest.fixture(params=["tls", "mtls", "unix"])
def other_channel(request: pytest.FixtureRequest, sample_store: Path, tmp_path: Path) -> Iterator[Channel]:
    own = ["--tls-cert", str(CERTIFICATES / "server.pem"), "--tls-key", str(CERTIFICATES / "server.key")]
    client = Tls(CERTIFICATES / "authority.pem", CERTIFICATES / "client.pem", CERTIFICATES / "client.key")
    flags, options = {
        "tls": (own, TRUSTED),
        "mtls": ([*own, "--tls-ca", str(CERTIFICATES / "authority.pem")], ChannelOptions(tls=client)),
        "unix": (["--listen", f"unix:{tmp_path}/data.sock"], PLAIN),
    }[request.param]
    with serve(sample_store, *flags) as server:
        channel = open_channel(server.address, options)
        yield channel
        channel.close()


def checksums(channel: Channel, run: DescribedRun, carrier: CarrierChoice) -> dict[int, int]:
    """Of all 24 steps, which must come over `carrier`."""
    listener = Listener(run)
    stream = opened(channel, run, listener, carrier)
    stream.want(0, 24)
    found: dict[int, int] = {}
    while len(found) < 24:
        batch = listener.until(BatchArrived).batch
        assert batch.carrier == ("grpc" if carrier == "grpc" else "lane")
        assert crc32(batch.memory) == batch.checksum
        found[batch.step] = batch.checksum
    stream.stop()
    assert listener.until(Over).error is None
    return found


def test_a_lane_carries_the_bytes_that_grpc_carries(channel: Channel, run: DescribedRun) -> None:
    over_grpc = checksums(channel, run, "grpc")
    assert checksums(channel, run, "lane") == over_grpc
    assert checksums(channel, run, "auto") == over_grpc


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_over_tls_and_a_unix_socket_the_bytes_are_the_same(
    channel: Channel, run: DescribedRun, other_channel: Channel, carrier: CarrierChoice
) -> None:
    assert checksums(other_channel, run, carrier) == checksums(channel, run, carrier)


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_tensors_are_views_on_the_memory_of_their_batch(
    channel: Channel, run: DescribedRun, carrier: CarrierChoice
) -> None:
    listener = Listener(run)
    stream = opened(channel, run, listener, carrier)
    stream.want(16, 1)
    batch = listener.until(BatchArrived).batch
    stream.cancel()
    image, label = batch.tensors
    assert (image.values.shape, image.values.dtype) == ((3, 1, 40, 56, 40), np.dtype("<f4"))
    assert (label.values.shape, label.values.dtype) == ((3, 40, 56, 40), np.dtype(DTYPES[label.type]))
    assert np.shares_memory(image.values, batch.memory)
    assert image.values.tobytes() + label.values.tobytes() == batch.memory.tobytes()
    assert len(batch.samples.case_index) == 3


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_reports_cancels_and_skipped_batches_are_told(channel: Channel, run: DescribedRun, carrier: Carrier) -> None:
    listener = Listener(run, skipped=[0])
    stream = opened(channel, run, listener, carrier)
    assert listener.next() == Started(carrier, reads_pace=True)
    stream.report(2, 8, reason="test", metrics={"loss": 0.5}, hold=True)
    assert listener.next() == StageApplied(2, 8, None)
    stream.take_back(20, 3)
    assert listener.next() == Cancelled(20, 3)
    stream.want(0, 1)
    assert listener.next() == BatchSkipped(0, 0)
    stream.want(8, 1)
    batch = listener.until(BatchArrived).batch
    assert (batch.step, batch.stage) == (8, 2)
    assert stream.last_heard > 0
    stream.stop()
    assert listener.next() == Over(None)


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_what_the_server_refuses_ends_the_stream_with_its_facts(
    channel: Channel, run: DescribedRun, carrier: CarrierChoice
) -> None:
    listener = Listener(run)
    stream = opened(channel, run, listener, carrier)
    stream.want(20, 100)
    error = listener.until(Over).error
    assert error is not None
    assert (error.code, error.facts["steps"], error.retry) == ("STEP_UNKNOWN", 24, "never")


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_a_batch_of_another_size_than_its_stage_is_refused_before_memory_is_taken(
    channel: Channel, run: DescribedRun, carrier: CarrierChoice
) -> None:
    listener = Listener(run, stages={0: 2})
    stream = opened(channel, run, listener, carrier)
    stream.want(0, 1)
    error = listener.until(Over).error
    assert error is not None
    assert error.code == "PATCH_MISMATCH"


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_nothing_is_told_after_cancel(channel: Channel, run: DescribedRun, carrier: Carrier) -> None:
    listener = Listener(run)
    stream = opened(channel, run, listener, carrier)
    assert listener.next() == Started(carrier, reads_pace=True)
    stream.cancel()
    stream.want(0, 1)
    other = Listener(run)
    beside = opened(channel, run, other, carrier)
    beside.want(0, 1)
    assert other.until(BatchArrived).batch.step == 0
    beside.cancel()
    assert listener.events.empty()


def test_without_lanes_auto_goes_over_grpc_and_a_lane_is_refused(sample_store: Path, run: DescribedRun) -> None:
    with serve(sample_store, "--lane-port", "none") as server:
        channel = open_channel(server.address, PLAIN)
        listener = Listener(run)
        stream = opened(channel, run, listener, "auto")
        stream.want(3, 1)
        assert listener.next() == Started("grpc", reads_pace=True)
        assert listener.until(BatchArrived).batch.step == 3
        stream.cancel()
        assert not channel.lanes.may_try
        refused = Listener(run)
        opened(channel, run, refused, "lane")
        error = refused.until(Over).error
        assert error is not None
        assert error.code == "UNSUPPORTED"
        channel.close()


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_a_server_that_is_killed_ends_the_stream(sample_store: Path, run: DescribedRun, carrier: CarrierChoice) -> None:
    with serve(sample_store) as server:
        channel = open_channel(server.address, PLAIN)
        listener = Listener(run)
        stream = opened(channel, run, listener, carrier)
        stream.want(0, 1)
        listener.until(BatchArrived)
        server.end("SIGKILL")
        error = listener.until(Over).error
        assert error is not None
        assert error.code == "UNAVAILABLE"
        channel.close()
