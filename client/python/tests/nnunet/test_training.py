"""Real nnU-Net, trained on batches of an imported store by its own command."""

# pyright: basic, reportMissingTypeStubs=false

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("nnunetv2")

from tests.nnunet.compare_loaders import compare  # noqa: E402
from tests.nnunet.nnunet import Nnunet  # noqa: E402

pytestmark = pytest.mark.torch

OURS = "nnUNetTrainerPatchStreamSeeded"
STAGES = {
    "stages": [
        {"patchSize": [8, 8, 8], "batchSize": 8, "epochs": 2},
        {"patchSize": [16, 16, 16], "batchSize": 4, "epochs": 2},
        {"patchSize": [40, 56, 40], "batchSize": 2, "epochs": 2},
    ]
}
SHORT = {"num_epochs": 6, "num_iterations_per_epoch": 2, "num_val_iterations_per_epoch": 1, "save_every": 1}


def test_losses_fall_as_with_nnunets_own_loader(nnunet: Nnunet) -> None:
    own, constant, performance = compare(nnunet, epochs=12, iterations=9)
    for training in (own, constant, performance):
        print(f"{training.name}: waited {training.waited_s:.3f} s of {training.trained_s:.1f} s for batches")
        print(training.losses, training.val_losses)
        # A few batches tell little of one epoch: what is compared are means of three.
        assert fmean(training.losses[-3:]) < fmean(training.losses[:3]) - 0.2
        assert fmean(training.val_losses[-3:]) < fmean(training.val_losses[:3])
    assert abs(fmean(own.losses[-3:]) - fmean(constant.losses[-3:])) < 0.15


def test_every_mode_trains_with_deep_supervision_and_validates_at_the_full_patch(nnunet: Nnunet) -> None:
    settings = nnunet.folder / "modes.json"
    settings.write_text(
        json.dumps({"store": str(nnunet.store), "trainer": {**SHORT, "num_epochs": 15, "num_iterations_per_epoch": 1}})
    )
    script = str(Path(__file__).parent / "steps_of_modes.py")
    said = nnunet.run("python", script, str(nnunet.preprocessed), environment={"PATCHSTREAM_NNUNET": str(settings)})
    modes: dict[str, list[dict[str, Any]]] = {}
    for line in said.splitlines():
        if line.startswith("STEPS "):
            told = json.loads(line.removeprefix("STEPS "))
            modes[told["mode"]] = told["steps"]
    assert len(modes) == 7
    for steps in modes.values():
        *training, validation = steps
        assert len(training) == 15
        for step in steps:
            assert torch.isfinite(torch.tensor(step["loss"]))
            _, _, *patch = step["data"]
            samples = step["data"][0]
            # nnU-Net's targets: a channel axis, and one target for each level but the bottleneck.
            assert step["target"] == [[samples, 1, *(size >> level for size in patch)] for level in range(3)]
        assert validation["data"] == [2, 1, 40, 56, 40]
    first = {mode: steps[0]["data"] for mode, steps in modes.items() if mode != "rpss"}
    assert first == {
        "constant": [2, 1, 40, 56, 40],
        "efficiency": [2, 1, 8, 8, 8],
        "performance": [350, 1, 8, 8, 8],
        "pgps": [2, 1, 16, 8, 8],
        "pgps-plus": [24, 1, 16, 8, 8],
        "progressive-resolution": [2, 1, 8, 8, 8],
    }
    assert len({step["stage"] for step in modes["rpss"]}) > 3


def test_a_training_that_was_killed_goes_on_in_the_middle_of_its_stage(nnunet: Nnunet, tmp_path: Path) -> None:
    """Killed after epoch 2 of 6: stage 1 lasts from epoch 2 to epoch 3."""
    settings = {"data": STAGES, "trainer": SHORT}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    nnunet.train(OURS, settings=settings, BATCHES=str(whole))
    with pytest.raises(RuntimeError, match="ended with -9"):
        nnunet.train(OURS, settings=settings, BATCHES=str(parts), KILL_AFTER_EPOCH="2")
    assert len(parts.read_text().splitlines()) == 6
    said = nnunet.train(OURS, "--c", settings=settings, BATCHES=str(parts))
    assert "from step 6 on" in said
    assert "Stage 1: patch 16x16x16, 4 samples" in said
    assert whole.read_text() == parts.read_text()
    assert [line.split()[1] for line in whole.read_text().splitlines()] == ["0"] * 4 + ["1"] * 4 + ["2"] * 4


def test_a_training_does_not_go_on_with_other_batches(nnunet: Nnunet) -> None:
    nnunet.train(OURS, settings={"data": STAGES, "trainer": SHORT})
    other = {"stages": [{**stage, "foregroundFraction": 1} for stage in STAGES["stages"]]}
    with pytest.raises(RuntimeError, match="with which this training began"):
        nnunet.train(OURS, "--c", settings={"data": other, "trainer": SHORT})


def test_the_checkpoint_is_nnunets_own(nnunet: Nnunet) -> None:
    nnunet.train(OURS, settings={"data": STAGES, "trainer": SHORT})
    checkpoint = torch.load(nnunet.results(OURS) / "checkpoint_final.pth", weights_only=False)
    assert checkpoint["trainer_name"] == "nnUNetTrainer"
    assert checkpoint["inference_allowed_mirroring_axes"] == (0, 1, 2)


def test_without_a_store_one_line_says_what_to_do(nnunet: Nnunet) -> None:
    with pytest.raises(RuntimeError, match=r"PATCHSTREAM_STORE is missing; .* Make a store with: patchstream import-"):
        nnunet.run("nnUNetv2_train", "-device", "cpu", "4", "3d_fullres", "0", "-tr", "nnUNetTrainerPatchStreamSeeded")
