"""Raw images labelled by our trainer and by the TypeScript one."""

import gzip
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.serving import REPOSITORY, Server, patchstream
from tests.trainer.conftest import Run
from tests.trainer.trainers import Calls, last_state, trainer

pytestmark = pytest.mark.torch

SAMPLE = REPOSITORY / "examples" / "data" / "Task04_Hippocampus" / "imagesTr"


def labels_of(folder: Path) -> dict[str, np.ndarray]:
    """The voxels of each NIfTI label behind its header."""
    files = sorted(folder.glob("*.nii.gz"))
    return {file.name: np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8)[352:] for file in files}


def test_both_trainers_label_raw_images_alike(sample_server: Server, tiny_run: Run, tmp_path: Path):
    runs = tmp_path / "runs"
    mirroring = {"augmentation": [{"kind": "mirror", "axes": [0, 1, 2]}], "stepsPerEpoch": 40}
    with trainer("onnx", runs) as one, Calls(one.address) as calls:
        names: list[str] = []
        for seed in (1, 2):
            run = tiny_run(data={**mirroring, "seed": seed}, training={"learningRate": 0.1, "momentum": 0.9})
            names.append(calls.start(run, [sample_server.address]))
            assert last_state(list(calls.watch(names[-1])))["state"] == "TRAINING_STATE_DONE"
    images = sorted(str(file) for file in SAMPLE.glob("*.nii.gz"))[:1]
    asked = {"one": [], "folds": ["--average-with", names[1], "--no-mirror"]}
    for kind in ("onnx", "torch"):
        with trainer(kind, runs) as one:
            for how, flags in asked.items():
                out = str(tmp_path / f"{how}-{kind}")
                patchstream("predict", names[0], *images, *flags, "--trainer", one.address, "--out", out)
    for how in asked:
        theirs, ours = (labels_of(tmp_path / f"{how}-{kind}") for kind in ("onnx", "torch"))
        assert list(ours) == list(theirs)
        for name, label in ours.items():
            assert len(np.unique(label)) > 1, "the network tells more than background"
            differing = int((label != theirs[name]).sum())
            assert differing == 0, f"{name}: {differing} of {label.size} voxels"
