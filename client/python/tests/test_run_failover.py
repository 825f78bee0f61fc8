"""Runs whose servers are killed, frozen, drained and cut off."""

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

import patchstream
from patchstream import Carrier, PatchstreamError, Run
from tests.relay import Relay
from tests.seen_fleet import of, seen
from tests.serving import SAMPLE_DATA, SMALL_SPEC, Server, serve
from tests.serving import patchstream as patchstream_command

CARRIERS: list[Carrier] = ["grpc", "lane"]


@pytest.fixture
def replicas(sample_store: Path) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serve(sample_store)) for _ in range(2)]


@pytest.fixture(scope="module")
def undisturbed(sample_server: Server) -> list[int]:
    """Checksums of all steps."""
    with patchstream.connect(sample_server.address) as client:
        return checksums(client.open_run(SMALL_SPEC))


def port_of(address: str) -> str:
    return address.rsplit(":", 1)[1]


def checksums(run: Run, count: int | None = None) -> list[int]:
    """Of the next batches; each must be the next step."""
    got: list[int] = []
    for _ in range(run.steps - run.step if count is None else count):
        step = run.step
        batch = next(run)
        assert batch.step == step
        got.append(batch.checksum)
    return got


def patiently(run: Run) -> int:
    """The last step of a run whose deadline is short for a server that has to start."""
    last = run.step - 1
    while last < run.steps - 1:
        with suppress(PatchstreamError):
            for batch in run:
                last = batch.step
    return last


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("by", ["SIGKILL", "SIGSTOP", "SIGTERM"])
def test_when_one_of_two_replicas_is_killed_frozen_or_drained_each_step_comes_once_with_the_same_bytes(
    replicas: list[Server], undisturbed: list[int], carrier: Carrier, by: signal.Signals
) -> None:
    with patchstream.connect([one.address for one in replicas], carrier=carrier) as client:
        run = client.open_run(SMALL_SPEC, credit_batches=4)
        got = checksums(run, 6)
        replicas[0].end(by)  # pyright: ignore[reportArgumentType]
        assert got + checksums(run) == undisturbed


@pytest.fixture(scope="module")
def other_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the same name with two cases less."""
    folder = tmp_path_factory.mktemp("other")
    raw = folder / SAMPLE_DATA.name
    shutil.copytree(SAMPLE_DATA, raw)
    labels = sorted((raw / "labelsTr").iterdir())
    for label in labels[:2]:
        label.unlink()
        (raw / "imagesTr" / label.name.replace(".nii.gz", "_0000.nii.gz")).unlink()
    described = json.loads((raw / "dataset.json").read_text())
    (raw / "dataset.json").write_text(json.dumps({**described, "numTraining": len(labels) - 2}))
    patchstream_command("ingest", str(raw), str(folder / "store"))
    return folder / "store"


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_server_that_comes_back_with_other_data_is_refused_and_the_right_one_goes_on(
    sample_store: Path, other_store: Path, undisturbed: list[int], carrier: Carrier
) -> None:
    with serve(sample_store) as first, patchstream.connect(first.address, carrier=carrier) as client:
        run = client.open_run(SMALL_SPEC, credit_batches=2)
        got = checksums(run, 5)
        first.end("SIGKILL")
        with serve(other_store, "--port", port_of(first.address)), pytest.raises(PatchstreamError) as refused:
            got.extend(batch.checksum for batch in run)
        assert refused.value.facts["field"] == "data.datasetDigest"
        assert got == undisturbed[: run.step]
        with serve(sample_store, "--port", port_of(first.address)):
            assert got + checksums(run) == undisturbed


def test_a_replica_that_has_refused_and_is_mended_since_is_asked_again_as_soon_as_the_other_one_refuses(
    sample_store: Path, other_store: Path, replicas: list[Server], undisturbed: list[int]
) -> None:
    first, second = replicas
    with patchstream.connect([first.address, second.address]) as client, ExitStack() as stack:

        def replace(server: Server, store: Path) -> Server:
            server.end("SIGKILL")
            return stack.enter_context(serve(store, "--port", port_of(server.address)))

        run = client.open_run(SMALL_SPEC, credit_batches=2)
        got = checksums(run, 2)
        wrong = replace(first, other_store)
        while of(client.fleet(), first).state != "refused":
            got += checksums(run, 1)
            seen(client, lambda fleet: of(fleet, first).state in ("serving", "refused"))
        got += checksums(run, 3)  # One more than were under way: it has come since the refusal.
        replace(wrong, sample_store)
        replace(second, other_store)
        assert got + checksums(run) == undisturbed


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_server_that_is_killed_and_started_again_goes_on_at_the_same_step(
    sample_store: Path, undisturbed: list[int], carrier: Carrier
) -> None:
    with serve(sample_store) as first, patchstream.connect(first.address, carrier=carrier) as client:
        run = client.open_run(SMALL_SPEC, credit_batches=2)
        got = checksums(run, 5)
        run.change_stage(1, from_step=9)
        first.end("SIGKILL")
        with serve(sample_store, "--port", port_of(first.address)):
            assert got + checksums(run) == undisturbed


def test_a_stage_change_survives_the_death_of_the_only_server(sample_store: Path) -> None:
    with serve(sample_store) as first, patchstream.connect(first.address) as client:
        run = client.open_run(SMALL_SPEC, credit_batches=2)
        next(run)
        first.end("SIGKILL")
        changed = run.change_stage(2)
        with serve(sample_store, "--port", port_of(first.address)):
            stages = {batch.step: batch.stage for batch in run}
    assert stages == {step: 0 if step < changed.from_step else 2 for step in range(1, 24)}


def test_a_stage_change_beside_a_frozen_replica_is_decided_at_once_and_holds(replicas: list[Server]) -> None:
    with patchstream.connect([one.address for one in replicas]) as client:
        run = client.open_run(SMALL_SPEC)
        next(run)
        replicas[1].end("SIGSTOP")
        assert run.change_stage(2, immediate=True).from_step == 1
        assert [batch.stage for batch in run] == [2] * 23


def test_a_server_that_goes_away_for_good_ends_a_wait_with_deadline_naming_step_and_address(sample_store: Path) -> None:
    with serve(sample_store) as server, patchstream.connect(server.address, deadline_s=1.5) as client:
        run = client.open_run(SMALL_SPEC, credit_batches=1)
        next(run)
        server.end("SIGKILL")
        with pytest.raises(PatchstreamError) as late:
            checksums(run)
        assert late.value.code == "DEADLINE"
        assert late.value.facts["waitedFor"] in (f"step 1 of {server.address}", f"step 2 of {server.address}")
        assert "Last failure" in str(late.value)
        with serve(sample_store, "--port", port_of(server.address)):
            assert patiently(run) == 23


def test_a_connection_that_is_reset_costs_nothing_but_the_time_to_ask_again(
    sample_server: Server, undisturbed: list[int]
) -> None:
    with Relay(sample_server.address) as relay, patchstream.connect(relay.address, carrier="grpc") as client:
        run = client.open_run(SMALL_SPEC, credit_batches=2)
        got = checksums(run, 17)
        relay.reset()
        got += checksums(run, 2)
        relay.reset()
        assert got + checksums(run) == undisturbed


def test_a_damaged_batch_is_asked_for_again_and_what_is_delivered_is_right(
    sample_server: Server, undisturbed: list[int]
) -> None:
    with Relay(sample_server.address) as relay, patchstream.connect(relay.address, carrier="grpc") as client:
        run = client.open_run(SMALL_SPEC, credit_batches=2)
        got = checksums(run, 17)
        relay.damage(2)
        got += checksums(run)
        assert relay.damaged == 2
        assert got == undisturbed


def test_a_silent_first_replica_costs_no_call_more_than_the_hedge_time(sample_server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        addresses = [f"127.0.0.1:{silent.getsockname()[1]}", sample_server.address]
        with patchstream.connect(addresses, deadline_s=20) as client:
            assert client.describe_dataset().name == "Task04_Hippocampus"
            assert len(list(client.open_run(SMALL_SPEC, start_step=20))) == 4


def test_calls_go_round_the_replicas_also_when_one_is_gone(replicas: list[Server]) -> None:
    with patchstream.connect([one.address for one in replicas], deadline_s=20) as client:
        before = [client.get_batch(SMALL_SPEC, step=step).checksum for step in range(4)]
        replicas[0].end("SIGKILL")
        assert [client.get_batch(SMALL_SPEC, step=step).checksum for step in range(4)] == before


def test_where_nobody_answers_the_failure_names_all_and_comes_long_before_the_deadline() -> None:
    with patchstream.connect("127.0.0.1:1,127.0.0.1:2") as client, pytest.raises(PatchstreamError) as refused:
        client.open_run(SMALL_SPEC)
    assert refused.value.code == "UNAVAILABLE"
    assert str(refused.value).startswith("127.0.0.1:1, 127.0.0.1:2: nothing listens there (connection refused).")


def test_a_server_that_starts_within_wait_s_is_waited_for(sample_store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    client = patchstream.connect(address, wait_s=60)
    with ThreadPoolExecutor() as threads:
        described = threads.submit(client.describe_dataset)
        with serve(sample_store, "--port", port_of(address)), client:
            assert described.result(60).name == "Task04_Hippocampus"
