"""Models that `patchstream export --to nnunet` writes, run by nnU-Net's own command without patchstream."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nnunetv2")

from tests.nnunet.nnunet import COMMAND
from tests.serving import REPOSITORY

pytestmark = pytest.mark.torch

_WRITE = REPOSITORY / "dist" / "test" / "predict" / "write-golden.js"
# nnU-Net sums logits in float16; `patchstream predict` does not. Golden files hold both to the last voxel where nnU-Net
# sums in float32.
_LARGEST_SHARE = 0.01


def _run(*command: str | os.PathLike[str], folder: Path) -> None:
    own = {name: str(folder) for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([os.fspath(each) for each in command], check=True, env={**os.environ, **own, "PATH": path})


def _voxels(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    import SimpleITK

    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(os.fspath(path)))


def test_nnunet_predicts_with_an_exported_model_what_patchstream_predicts(tmp_path: Path) -> None:
    _run("node", _WRITE, tmp_path, folder=tmp_path)
    for number in range(int((tmp_path / "count").read_text())):
        case = tmp_path / str(number)
        results, theirs, ours = case / "results", case / "theirs", case / "ours"
        _run(*COMMAND, "export", case / "run", results, "--to", "nnunet", folder=case)
        predict = ("nnUNetv2_predict_from_modelfolder", "-i", case / "images", "-o", theirs, "-m", results)
        _run(*predict, "-f", "0", "-device", "cpu", "-npp", "1", "-nps", "1", folder=case)
        _run(*COMMAND, "predict", case / "run", case / "images", "--out", ours, folder=case)
        expected, got = _voxels(theirs / "image.nii.gz"), _voxels(ours / "image.nii.gz")
        assert got.shape == expected.shape
        assert got.dtype == expected.dtype
        assert len(np.unique(got)) > 2
        assert np.mean(got != expected) < _LARGEST_SHARE
