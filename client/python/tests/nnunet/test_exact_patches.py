"""Patches of an imported store beside nnU-Net's own arrays."""

# pyright: basic, reportMissingTypeStubs=false, reportOptionalMemberAccess=false, reportOptionalSubscript=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("nnunetv2")

from patchstream import Sample, connect
from tests.nnunet.nnunet import DATASET, Nnunet
from tests.serving import Server

pytestmark = pytest.mark.torch

SPEC = {
    "dataset": DATASET,
    "mode": "performance",
    "epochs": 30,
    "stepsPerEpoch": 1,
    "valSteps": 1,
    "augmentation": "none",
    "deepSupervision": True,
}


def crop(volume: npt.NDArray[np.generic], sample: Sample) -> npt.NDArray[np.generic]:
    """A sample's box of the last three axes; 0 outside of the volume."""
    patch = np.zeros((*volume.shape[:-3], *sample.size), volume.dtype)
    inside, at = [...], [...]
    for start, size, extent in zip(sample.start, sample.size, volume.shape[-3:], strict=True):
        first, end = max(start, 0), min(start + size, extent)
        inside.append(slice(first, end))
        at.append(slice(first - start, end - start))
    patch[tuple(at)] = volume[tuple(inside)]
    return patch


def test_unaugmented_patches_are_crops_of_nnunets_arrays(nnunet: Nnunet, nnunet_server: Server) -> None:
    import blosc2

    def array(case: str, ending: str) -> npt.NDArray[np.generic]:
        file = nnunet.preprocessed / "nnUNetPlans_3d_fullres" / f"{case}{ending}.b2nd"
        return blosc2.open(urlpath=str(file), mode="r")[...]

    compared = outside = 0
    with connect(nnunet_server.address) as client, client.open_run(SPEC) as run:
        for batch in run:
            assert batch.stage == batch.step // 2
            for index, sample in enumerate(batch.samples[:40]):
                image, label = array(sample.case, ""), array(sample.case, "_seg")[0]
                np.testing.assert_array_equal(batch.image[index], crop(image, sample))
                np.testing.assert_array_equal(batch.label[index], crop(np.maximum(label, 0), sample))
                if sample.kind == "foreground":
                    assert sample.label_class in batch.label[index]
                compared += 1
                outside += any(start < 0 for start in sample.start)
    assert compared > 500
    assert outside > 10


def test_whole_volumes_locations_and_references_are_nnunets(nnunet: Nnunet, nnunet_server: Server) -> None:
    import pickle

    import blosc2
    import SimpleITK

    folder = nnunet.preprocessed / "nnUNetPlans_3d_fullres"
    with connect(nnunet_server.address) as client:
        cases = client.describe_dataset().cases
        assert len(cases) == 20
        for case in cases:
            image = blosc2.open(urlpath=str(folder / f"{case.id}.b2nd"), mode="r")[...]
            label = blosc2.open(urlpath=str(folder / f"{case.id}_seg.b2nd"), mode="r")[...]
            np.testing.assert_array_equal(client.read_image(case.id), image)
            np.testing.assert_array_equal(client.read_label(case.id), label[0])
            properties = pickle.loads((folder / f"{case.id}.pkl").read_bytes())
            for value, places in properties["class_locations"].items():
                stored = {tuple(place) for place in client.read_locations(case.id, value).tolist()}
                assert stored == {tuple(place[1:]) for place in places.tolist()}
            file = nnunet.preprocessed / "gt_segmentations" / f"{case.id}.nii.gz"
            reference = SimpleITK.ReadImage(str(file))
            np.testing.assert_array_equal(client.read_reference(case.id), SimpleITK.GetArrayFromImage(reference))
            affine = np.asarray(case.geometry.affine).reshape(4, 4)
            corner = tuple(size - 1 for size in reference.GetSize())
            x, y, z = reference.TransformIndexToPhysicalPoint(corner)
            np.testing.assert_allclose(affine @ (*corner, 1), (-x, -y, z, 1), atol=1e-4)
