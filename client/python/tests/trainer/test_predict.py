"""Raw images labelled by our trainer as the TypeScript program labels them itself."""

import gzip
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tests.serving import REPOSITORY, patchstream
from tests.trainer.trainers import trainer

pytestmark = pytest.mark.torch

_WRITE = """
const { writeFileSync } = await import("node:fs");
const [folder, cases] = process.argv.slice(1);
const { goldenCases, writeModel, writeImages } = await import(cases);
for (const [i, golden] of goldenCases.entries()) {
  const run = writeModel(`${folder}/runs/kind-${i}`, golden);
  writeFileSync(`${run}/run.json`, JSON.stringify({ data: [], run: { data: { dataset: "Golden" } } }));
  writeImages(`${folder}/images-${i}`, golden, "a");
}
"""
"""Trainings that have ended, of known weights, and an image for each: those that are held to nnU-Net's own labels."""


def label_of(folder: Path) -> np.ndarray:
    """The voxels of the NIfTI label behind its header."""
    return np.frombuffer(gzip.decompress((folder / "a.nii.gz").read_bytes()), np.uint8)[352:]


def test_raw_images_have_the_labels_that_the_model_gives_elsewhere(tmp_path: Path):
    cases = (REPOSITORY / "dist" / "test" / "predict" / "golden-cases.js").as_uri()
    subprocess.run(["node", "--input-type=module", "-e", _WRITE, str(tmp_path), cases], check=True)
    with trainer("torch", tmp_path / "runs") as one:
        # An image with a coarse axis and turned axes; two channels and regions, as the mean of two folds.
        for kind, flags in ((1, []), (2, ["--average-with", "kind-2", "--no-mirror"])):
            images = str(tmp_path / f"images-{kind}")
            there = ["--out", str(tmp_path / f"there-{kind}"), "--trainer", one.address]
            patchstream("predict", f"kind-{kind}", images, *flags, *there)
            here = ["--out", str(tmp_path / f"here-{kind}"), "--engine", "onnx", "--threads", "1"]
            model = str(tmp_path / "runs" / f"kind-{kind}")
            patchstream("predict", model, images, *(["--no-mirror"] if flags else []), *here)
            ours, theirs = label_of(tmp_path / f"there-{kind}"), label_of(tmp_path / f"here-{kind}")
            assert len(np.unique(theirs)) > 2
            assert int((ours != theirs).sum()) == 0
