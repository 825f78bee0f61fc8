# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""Batches as torch tensors: what they hold, in this process and from workers, and how a training goes on."""

import pickle
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import patchstream  # noqa: E402
from patchstream import DataClient, PatchstreamError  # noqa: E402
from patchstream.torch import PatchLoader, TorchBatch  # noqa: E402
from patchstream.torch.batch import ToTorch, image_of  # noqa: E402
from patchstream.torch.memory import TorchMemory  # noqa: E402
from tests.serving import SMALL_SPEC, Server, serve  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def client(sample_server: Server) -> Iterator[DataClient]:
    with patchstream.connect(sample_server.address) as client:
        yield client


@pytest.fixture(scope="module")
def undisturbed(client: DataClient) -> list[int]:
    """Checksums of all steps, as numpy batches have them."""
    with client.open_run(SMALL_SPEC) as run:
        return [batch.checksum for batch in run]


def checksums(loader: PatchLoader[TorchBatch]) -> list[int]:
    return [batch.checksum for batch in loader]


def test_a_loader_gives_every_step_once_as_the_run_does(client: DataClient, undisturbed: list[int]) -> None:
    with client.open_run(SMALL_SPEC).torch() as loader:
        assert len(loader) == 24
        assert checksums(loader) == undisturbed
        assert list(loader) == []


def test_tensors_are_the_arrays_without_a_copy(client: DataClient) -> None:
    batch = client.get_batch(SMALL_SPEC, step=0)
    made = ToTorch(channels_last=False, label_channel=True)(batch)
    assert made.image.data_ptr() == batch.image.ctypes.data
    assert made.label.data_ptr() == batch.label.ctypes.data
    assert np.array_equal(made.image.numpy(), batch.image)
    assert made.label.shape == (6, 1, 8, 8, 8)
    assert (made.step, made.stage, made.patch_size, made.global_batch) == (0, 0, (8, 8, 8), 6)
    assert made.samples == batch.samples


@pytest.mark.parametrize(("kind", "dtype"), [("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)])
@pytest.mark.parametrize("layout", ["channels-first", "channels-last"])
def test_types_and_layouts_of_the_wire_are_torchs(
    client: DataClient, kind: str, dtype: torch.dtype, layout: str
) -> None:
    wire = {"image": kind, "layout": layout, "label": "i16"}
    spec = {**SMALL_SPEC, "wire": wire, "deepSupervision": True}
    exact = client.get_batch(SMALL_SPEC, step=17)
    with client.open_run(spec, start_step=17).torch(label_channel=True) as loader:
        batch = next(iter(loader))
    assert batch.image.shape == (3, 1, 40, 56, 40)
    assert torch.equal(batch.image, torch.from_numpy(exact.image).to(dtype))
    assert [label.dtype for label in batch.targets] == [torch.int16] * 3
    sizes = [(3, 1, 40, 56, 40), (3, 1, 20, 28, 20), (3, 1, 10, 14, 10)]
    assert [tuple(label.shape) for label in batch.targets] == sizes


def test_channels_last_is_torchs_memory_format() -> None:
    memory = np.arange(2 * 3 * 4 * 5 * 6 * 4, dtype=np.int64).astype(np.uint8)
    array = memory.view(np.float32).reshape(2, 3, 4, 5, 6)
    tensor = image_of(array, memory, channels_last=True)
    assert tensor.shape == (2, 6, 3, 4, 5)
    assert tensor.is_contiguous(memory_format=torch.channels_last_3d)
    assert tensor.data_ptr() == memory.ctypes.data


def test_tensors_received_into_torchs_memory_are_torchs_own(client: DataClient, undisturbed: list[int]) -> None:
    run = client.open_run(SMALL_SPEC)
    run.receive_into(TorchMemory(pinned=False))
    kept = list(run.torch(pin=False))
    assert [batch.checksum for batch in kept] == undisturbed
    for batch in kept:
        assert batch.image.untyped_storage().data_ptr() == batch.label.untyped_storage().data_ptr()
        exact = client.get_batch(SMALL_SPEC, step=batch.step)
        assert np.array_equal(batch.image.numpy(), exact.image)
        assert np.array_equal(batch.label.numpy(), exact.label)


def test_a_pass_is_an_epoch_and_goes_on_in_the_middle_of_one(client: DataClient, undisturbed: list[int]) -> None:
    with client.open_run(SMALL_SPEC).torch(per_epoch=True) as loader:
        assert (len(loader), loader.epoch) == (4, 0)
        assert checksums(loader) == undisturbed[:4]
        batches = iter(loader)
        got = [next(batches).checksum, next(batches).checksum]
        state = pickle.loads(pickle.dumps(loader.state_dict()))
    with client.open_run(SMALL_SPEC).torch(per_epoch=True) as resumed:
        resumed.load_state_dict(state)
        assert (resumed.step, resumed.epoch, len(resumed)) == (6, 1, 4)
        assert got + checksums(resumed) == undisturbed[4:8]
        assert checksums(resumed) == undisturbed[8:12]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_changed_stage_holds_from_its_step_and_across_a_resume(client: DataClient, num_workers: int) -> None:
    with client.open_run(SMALL_SPEC).torch(num_workers=num_workers) as loader:
        batches = iter(loader)
        stages = [next(batches).stage for _ in range(3)]
        changed = loader.change_stage(2, hold=True)
        assert changed is not None
        assert 3 <= changed.from_step < 20
        stages += [next(batches).stage for _ in range(18)]
        state = loader.state_dict()
    expected = [0 if step < 8 else 1 if step < 16 else 2 for step in range(changed.from_step)]
    expected += [2] * (24 - changed.from_step)
    assert stages == expected[:21]
    with client.open_run(SMALL_SPEC).torch(num_workers=num_workers) as resumed:
        resumed.load_state_dict(state)
        rest = list(resumed)
    assert [batch.step for batch in rest] == [21, 22, 23]
    assert [batch.stage for batch in rest] == expected[21:]


def test_workers_shard_and_repeat_nothing(client: DataClient, undisturbed: list[int]) -> None:
    with client.open_run(SMALL_SPEC).torch(num_workers=2) as loader:
        batches = list(loader)
    assert [batch.step for batch in batches] == list(range(24))
    assert [batch.checksum for batch in batches] == undisturbed


def test_workers_go_on_from_epoch_to_epoch_and_after_one_that_was_left_early(client: DataClient) -> None:
    spec = {**SMALL_SPEC, "stepsPerEpoch": 3}  # a number that two workers do not share evenly
    with client.open_run(spec) as run:
        every = [batch.checksum for batch in run]
    with client.open_run(spec).torch(num_workers=2, per_epoch=True) as loader:
        got = [
            checksums(loader),
            checksums(loader),
            [next(iter(loader)).checksum],
            checksums(loader),
            checksums(loader),
        ]
    assert got == [every[:3], every[3:6], every[6:7], every[7:9], every[9:12]]


def test_an_immediate_stage_reaches_what_workers_have_sent_already(client: DataClient) -> None:
    with client.open_run(SMALL_SPEC).torch(num_workers=2) as loader:
        batches = iter(loader)
        next(batches)
        changed = loader.change_stage(1, immediate=True)
        assert changed is not None
        assert changed.from_step == 1
        for step in range(1, 20):
            batch = next(batches)
            assert (batch.step, batch.stage) == (step, 1 if step < 16 else 2)
            exact = client.get_batch(SMALL_SPEC, step=step, stage=batch.stage)
            assert batch.checksum == exact.checksum


def test_a_workers_failure_keeps_its_facts(sample_store: Path) -> None:
    with (
        serve(sample_store) as server,
        patchstream.connect(server.address, deadline_s=2) as own,
        own.open_run(SMALL_SPEC, credit_batches=1).torch(num_workers=1, prefetch_factor=1) as loader,
    ):
        batches = iter(loader)
        next(batches)
        server.end("SIGKILL")
        with pytest.raises(PatchstreamError) as failed:
            list(batches)
    assert failed.value.code == "DEADLINE"
    assert server.address in str(failed.value.facts["waitedFor"])


def test_after_a_worker_has_died_a_new_loader_goes_on_where_the_old_one_was(
    client: DataClient, undisturbed: list[int]
) -> None:
    got: list[int] = []
    with client.open_run(SMALL_SPEC).torch(num_workers=2) as loader:
        batches = iter(loader)
        got.append(next(batches).checksum)
        for worker in active_children():
            worker.kill()
        with pytest.raises(RuntimeError, match="DataLoader worker"):
            got.extend(batch.checksum for batch in batches)
        state = loader.state_dict()
    assert state["step"] == len(got)
    with client.open_run(SMALL_SPEC).torch(num_workers=2) as anew:
        anew.load_state_dict(state)
        assert got + checksums(anew) == undisturbed


def test_the_state_of_another_run_is_refused(client: DataClient) -> None:
    with client.open_run(SMALL_SPEC).torch() as loader, pytest.raises(PatchstreamError, match="the digest of this run"):
        loader.load_state_dict({"step": 1, "decisions": [], "digest": "other"})


def test_ranks_are_read_from_the_environment(client: DataClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with client.open_run(SMALL_SPEC).torch(rank="env") as alone:
        assert (alone.run.rank, alone.run.ranks) == (0, 1)
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(PatchstreamError, match="WORLD_SIZE"):
        client.open_run(SMALL_SPEC).torch(rank="env")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with client.open_run(SMALL_SPEC, start_step=16).torch(rank="env") as loader:
        batch = next(iter(loader))
        assert (loader.run.rank, loader.run.ranks) == (1, 2)
        assert (len(batch.image), batch.global_batch) == (1, 3)
        assert batch.loss_weight == pytest.approx(2 / 3)
    with pytest.raises(PatchstreamError, match="the smallest batch of the run"):
        client.open_run(SMALL_SPEC).torch(rank=0, ranks=4)
    with pytest.raises(PatchstreamError, match="ranks is null"):
        client.open_run(SMALL_SPEC).torch(rank=0)


def test_several_ranks_without_a_collective_must_name_the_step(client: DataClient) -> None:
    with client.open_run(SMALL_SPEC).torch(rank=0, ranks=2) as loader:
        with pytest.raises(PatchstreamError, match="from_step"):
            loader.change_stage(1)
        changed = loader.change_stage(1, from_step=3)
        assert changed is not None
        assert changed.from_step == 3
