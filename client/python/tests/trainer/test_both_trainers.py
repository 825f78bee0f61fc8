"""Our trainer beside the TypeScript one: nobody can tell them apart, and either goes on with the other's trainings."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.serving import Server, patchstream, serve
from tests.trainer.conftest import Run
from tests.trainer.trainers import Calls, Event, bodies, last_state, outline, steps, trainer

pytestmark = pytest.mark.torch

KINDS = ("onnx", "torch")


def trained(kind: str, runs: Path, server: Server, run: object, *flags: str):
    with trainer(kind, runs, *flags) as one, Calls(one.address) as calls:
        name = calls.start(run, [server.address])
        return name, list(calls.watch(name))


FOREGROUND = ("foreground_share", "classes")
ADAPTIVE = {"kind": "adaptive", "mostEpochs": 2, "patience": 1}


@pytest.mark.parametrize(
    ("data", "training"),
    [
        ({"valSteps": 2}, {}),
        ({"valSteps": 1}, {"network": "residual-unet", "control": ADAPTIVE}),
        ({}, {"batchDice": True, "learningRate": 0.02, "momentum": 0.9, "control": {"kind": "manual"}}),
    ],
    ids=["plain-unet", "residual-unet-adaptive", "batch-dice-manual"],
)
def test_the_same_losses_and_the_same_events(
    data: Mapping[str, object],
    training: Mapping[str, object],
    sample_server: Server,
    tiny_run: Run,
    tmp_path: Path,
):
    run = tiny_run(data=data, training=training)
    (_, theirs), (_, ours) = (trained(kind, tmp_path / kind, sample_server, run) for kind in KINDS)
    check_same(ours, theirs)
    assert len(steps(ours)) == 20


def test_ranks_that_share_batches_come_to_the_losses_of_whole_ones(
    sample_server: Server, tiny_run: Run, tmp_path: Path
):
    run = tiny_run(data={"valSteps": 1}, training={"control": ADAPTIVE, "batchDice": True})
    _, theirs = trained("onnx", tmp_path / "onnx", sample_server, run)
    _, ours = trained("torch", tmp_path / "torch", sample_server, run, "--ranks", "2")
    check_same(ours, theirs, is_share=True)


def check_same(ours: Sequence[Event], theirs: Sequence[Event], *, is_share: bool = False) -> None:
    assert outline(ours) == outline(theirs)
    for mine, other in zip(bodies("opened", ours), bodies("opened", theirs), strict=True):
        assert {**mine, "engine": ""} == {**other, "engine": ""}
        assert all(int(stage["flops"]) > 0 for stage in mine["stages"])
    assert bodies("state", ours) == bodies("state", theirs)
    assert last_state(ours)["state"] == "TRAINING_STATE_DONE"
    for mine, other in zip(steps(ours), steps(theirs), strict=True):
        assert is_share or mine["checksum"] == other["checksum"]
        assert is_share or [mine[name] for name in FOREGROUND] == [other[name] for name in FOREGROUND]
        assert mine["learning_rate"] == pytest.approx(other["learning_rate"], rel=1e-12)
        for name in ("loss", "cross_entropy", "dice", "gradient_norm"):
            assert mine[name] == pytest.approx(other[name], abs=1e-3), (mine["step"], name)
    for mine, other in zip(bodies("epoch", ours), bodies("epoch", theirs), strict=True):
        assert mine.keys() == other.keys()
        for name in ("loss", "validation_loss", "smoothed_pseudo_dice"):
            assert mine.get(name) == pytest.approx(other.get(name), abs=1e-3)
    assert bodies("decided", ours) == bodies("decided", theirs)


@pytest.mark.parametrize(
    ("network", "size", "features"), [("unetr", 16, 1), ("swin-unetr", 32, 12)], ids=["unetr", "swin-unetr"]
)
def test_transformers_have_the_same_losses(
    network: str, size: int, features: int, sample_server: Server, tiny_run: Run, tmp_path: Path
):
    cases = tiny_run()["data"]["split"]
    data: dict[str, object] = {
        "plan": {
            "patchSize": [2 * size, size, size],
            "batchSize": 1,
            "pooling": [0, 0, 0],
            "minimum": [size] * 3,
            "increment": [size] * 3,
        },
        "stages": [
            {"patchSize": [size] * 3, "batchSize": 2, "epochs": 1},
            {"patchSize": [2 * size, size, size], "batchSize": 1, "epochs": 1},
        ],
        "stepsPerEpoch": 2,
        "deepSupervision": False,
        "split": {"train": [*cases["train"], *cases["val"]], "val": []},
    }
    run = tiny_run(data=data, training={"network": network, "baseFeatures": features})
    (_, theirs), (_, ours) = (trained(kind, tmp_path / kind, sample_server, run) for kind in KINDS)
    assert outline(ours) == outline(theirs)
    assert [one["loss"] for one in steps(ours)] == pytest.approx([one["loss"] for one in steps(theirs)], abs=1e-3)


@pytest.mark.parametrize(("first", "second"), [KINDS, KINDS[::-1]], ids=["theirs-then-ours", "ours-then-theirs"])
def test_a_checkpoint_of_one_is_resumed_by_the_other(
    first: str, second: str, sample_server: Server, tiny_run: Run, tmp_path: Path
):
    run = tiny_run(data={"valSteps": 1})
    _, whole = trained(first, tmp_path / "whole", sample_server, run)
    with trainer(first, tmp_path / "runs") as one, Calls(one.address) as calls:
        name = calls.start(run, [sample_server.address])
        for event in calls.watch(name):
            if event["kind"] == "checkpoint" and event["checkpoint"]["step"] == 12:
                break
        one.kill()
    with trainer(second, tmp_path / "runs") as other, Calls(other.address) as calls:
        calls.resume(name)
        resumed = list(calls.watch(name))
    opened = [event["opened"] for event in resumed if event["kind"] == "opened"]
    assert opened[-1]["first_step"] >= 12
    assert last_state(resumed)["state"] == "TRAINING_STATE_DONE"
    assert [one["step"] for one in steps(resumed)] == list(range(20))
    for mine, other in zip(steps(resumed), steps(whole), strict=True):
        assert mine["checksum"] == other["checksum"]
        assert mine["loss"] == pytest.approx(other["loss"], abs=1e-3)
    shutil.rmtree(tmp_path / "runs")


def test_regions_and_an_ignore_label(tmp_path: Path):
    pytest.importorskip("nibabel")
    from tests.trainer.region_data import write_region_data

    raw = write_region_data(tmp_path / "Regions")
    patchstream("ingest", str(raw), str(tmp_path / "store"))
    run = {
        "data": {
            "dataset": "Regions",
            "plan": {"patchSize": [16, 16, 16], "batchSize": 2, "pooling": [1, 1, 1]},
            "stages": [{"patchSize": [8, 8, 8], "batchSize": 3, "epochs": 1}, {"patchSize": [16] * 3, "epochs": 2}],
            "stepsPerEpoch": 4,
            "valSteps": 1,
            "augmentation": "none",
        },
        "training": {"baseFeatures": 4, "learningRate": 0.05, "momentum": 0.9},
    }
    with serve(tmp_path / "store") as server:
        (_, theirs), (_, ours) = (trained(kind, tmp_path / kind, server, run) for kind in KINDS)
    check_same(ours, theirs)
    for name in ("case_evaluated", "evaluated"):
        for mine, other in zip(bodies(name, ours), bodies(name, theirs), strict=True):
            assert [one["name"] for one in mine["classes"]] == ["whole", "core"]
            for mine_class, other_class in zip(mine["classes"], other["classes"], strict=True):
                assert mine_class.get("dice") == pytest.approx(other_class.get("dice"), abs=1e-2)
