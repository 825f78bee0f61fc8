# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""Batches for MONAI: each sample's affine and case."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

import nibabel  # noqa: E402
from monai.data.utils import decollate_batch  # noqa: E402

import patchstream  # noqa: E402
from patchstream import DataClient  # noqa: E402
from tests.serving import SAMPLE_DATA, SMALL_SPEC, Server, serve  # noqa: E402
from tests.serving import patchstream as command  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("default"),  # MONAI's own imports warn
]

PLAIN_SPEC = {**SMALL_SPEC, "augmentation": "none"}


@pytest.fixture(scope="module")
def client(sample_server: Server) -> Iterator[DataClient]:
    with patchstream.connect(sample_server.address) as client:
        yield client


def voxels_of(affine: torch.Tensor, size: tuple[int, ...]) -> np.ndarray:
    """World positions (n,3) of all voxels of a patch."""
    index = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1).reshape(-1, 3)
    return index @ affine.numpy()[:3, :3].T + affine.numpy()[:3, 3]


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_voxel_lies_where_nibabel_says_it_does_in_the_source(client: DataClient, num_workers: int) -> None:
    inside = 0
    with client.open_run(PLAIN_SPEC, start_step=8).monai(num_workers=num_workers) as loader:
        batch = next(iter(loader))
        assert (batch["step"], batch["stage"], batch["loss_weight"]) == (8, 1, 1)
        for image, label in zip(decollate_batch(batch["image"]), decollate_batch(batch["label"]), strict=True):
            case = label.meta["filename_or_obj"]
            source = nibabel.load(SAMPLE_DATA / "labelsTr" / f"{case}.nii.gz")
            values = np.asarray(source.dataobj)
            world = voxels_of(label.affine, label.shape[1:])
            index = np.rint(nibabel.affines.apply_affine(np.linalg.inv(source.affine), world)).astype(int)
            within = np.all((index >= 0) & (index < values.shape), axis=1)
            inside += within.sum()
            assert np.array_equal(label.numpy().reshape(-1)[within], values[tuple(index[within].T)])
            assert np.array_equal(image.affine, label.affine)
            assert image.shape == (1, 16, 16, 16)
    assert inside > 4000


@pytest.fixture(scope="module")
def oblique_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that hold the world position of each voxel, with turned axes, other spacings and empty borders."""
    folder = tmp_path_factory.mktemp("oblique")
    raw = folder / "Dataset007_Oblique"
    (raw / "imagesTr").mkdir(parents=True)
    (raw / "labelsTr").mkdir()
    names = {str(channel): "noNorm" for channel in range(3)}
    about = {"channel_names": names, "labels": {"background": 0, "a": 1}, "numTraining": 6, "file_ending": ".nii.gz"}
    (raw / "dataset.json").write_text(json.dumps(about))
    for number in range(6):
        shape = (30 + 2 * number, 34, 26)
        spacing = (1.0 + 0.2 * number, 1.1, 1.6)
        turn, other = np.deg2rad(10 + 5 * number), np.deg2rad(7)
        z_turn = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
        x_turn = [[1, 0, 0], [0, np.cos(other), -np.sin(other)], [0, np.sin(other), np.cos(other)]]
        affine = np.eye(4)
        affine[:3, :3] = np.array(z_turn) @ np.array(x_turn) @ np.diag(spacing)
        affine[:3, 3] = [200, 300, 400 + number]
        index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
        world = index @ affine[:3, :3].T + affine[:3, 3]
        inside = np.zeros(shape, bool)
        inside[3:, 2:-4, 1:-2] = True
        for channel in range(3):
            image = np.where(inside, world[..., channel], 0).astype(np.float32)
            file = raw / "imagesTr" / f"case_{number}_000{channel}.nii.gz"
            nibabel.save(nibabel.Nifti1Image(image, affine), file)
        label = np.zeros(shape, np.uint8)
        label[12:18, 12:18, 10:16] = 1
        nibabel.save(nibabel.Nifti1Image(label, affine), raw / "labelsTr" / f"case_{number}.nii.gz")
    command("ingest", str(raw), str(folder / "store"))
    return folder / "store"


def test_crops_spacings_and_turned_axes_are_in_the_affine(oblique_store: Path) -> None:
    spec: dict[str, Any] = {"dataset": "Dataset007_Oblique", "augmentation": "none", "epochs": 1, "stepsPerEpoch": 6}
    spec["stages"] = [{"patchSize": [16, 16, 16], "batchSize": 4}]
    spec["plan"] = {"patchSize": [16, 16, 16], "batchSize": 4, "pooling": [2, 2, 2]}
    checked = 0
    with serve(oblique_store) as server, patchstream.connect(server.address) as client:
        cases = {case.id: case for case in client.describe_dataset().cases}
        assert any(case.spacing_mm != case.geometry.original_spacing_mm for case in cases.values())
        for batch in client.open_run(spec).monai():
            for image in decollate_batch(batch["image"]):
                shape = cases[image.meta["filename_or_obj"]].shape[1:]
                start = image.meta["location"].numpy()
                index = np.stack(np.meshgrid(*map(np.arange, image.shape[1:]), indexing="ij"), -1).reshape(-1, 3)
                stored = index + start
                # Cubic splines are exact on a plane, but not near the edge of the volume.
                within = np.all((stored >= 8) & (stored < np.array(shape) - 8), axis=1)
                world = voxels_of(image.affine, image.shape[1:])[within]
                values = image.numpy().reshape(3, -1).T[within]
                assert np.abs(values - world).max(initial=0) < 0.01
                checked += within.sum()
    assert checked > 1000
