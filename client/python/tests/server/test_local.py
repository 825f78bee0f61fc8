"""A store is served to one program without a word about servers."""

import gc
from pathlib import Path

import pytest

import patchstream
from patchstream import PatchstreamError
from tests.serving import SMALL_SPEC, Server


def socket_of(client: patchstream.DataClient) -> Path:
    return Path(client.addresses[0].removeprefix("unix:"))


def test_its_batches_are_those_of_any_server(sample_store: Path, sample_server: Server) -> None:
    def checksums(client: patchstream.DataClient) -> list[int]:
        with client, client.open_run(SMALL_SPEC) as run:
            return [batch.checksum for batch in run]

    own = checksums(patchstream.local(sample_store, workers=1, volume_budget="64MiB", slot_budget=32 << 20))
    assert len(own) == 24
    assert own == checksums(patchstream.connect(sample_server.address))


def test_the_server_ends_with_the_client(sample_store: Path) -> None:
    client = patchstream.local(sample_store, workers=1, volume_budget="64MiB", slot_budget="32MiB")
    socket = socket_of(client)
    assert client.describe_dataset().name == "Task04_Hippocampus"
    assert socket.exists()
    client.close()
    assert not socket.parent.exists()


def test_a_run_keeps_the_server_of_a_client_that_nobody_holds(sample_store: Path) -> None:
    run = patchstream.local(sample_store, workers=1, volume_budget="64MiB", slot_budget="32MiB").open_run(SMALL_SPEC)
    gc.collect()
    assert [batch.step for batch in run] == list(range(24))


def test_a_value_that_the_server_refuses_is_one_line(sample_store: Path) -> None:
    with pytest.raises(PatchstreamError, match="saying: error: option '--slot-budget") as failure:
        patchstream.local(sample_store, slot_budget="much")
    assert "\n" not in str(failure.value)


def test_what_connect_refuses_leaves_no_server(sample_store: Path) -> None:
    with pytest.raises(PatchstreamError, match="carrier"):
        patchstream.local(sample_store, carrier="pigeon")  # pyright: ignore[reportArgumentType]
