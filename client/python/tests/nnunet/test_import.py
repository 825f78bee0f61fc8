"""`import-nnunet`: a preprocessed folder becomes a store, voxel for voxel."""

# pyright: basic, reportMissingTypeStubs=false, reportArgumentType=false

import json
import pickle
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from patchstream import PatchstreamError, connect
from patchstream.nnunet.import_folder import import_folder
from patchstream.nnunet.preprocessed import open_preprocessed
from tests.nnunet.phantoms import CASES, PLANS, TRANSPOSE, write_preprocessed
from tests.serving import REPOSITORY, serve

COMMAND = ["node", str(REPOSITORY / "dist" / "cli" / "main.js")]


def _import(folder: Path, store: Path, **options: Any) -> dict[str, Any]:
    return dict(import_folder(folder, store, command=COMMAND, **options))


@pytest.mark.parametrize("kind", ["npz", "npy", pytest.param("b2nd", marks=pytest.mark.torch)])
def test_every_voxel_and_location_is_nnunets(tmp_path: Path, kind: Literal["b2nd", "npz", "npy"]) -> None:
    written = write_preprocessed(tmp_path / "folder", kind=kind)
    report = _import(tmp_path / "folder", tmp_path / "store")
    assert report["cases"] == list(CASES)
    assert report["withoutReference"] == list(CASES)
    with serve(tmp_path / "store") as server, connect(server.address) as client:
        described = client.describe_dataset()
        assert described.name == "Dataset900_Phantoms"
        assert described.plan["strides"] == [[1, 1, 1], [2, 2, 2], [2, 2, 2]]
        for case, one in written.items():
            np.testing.assert_array_equal(client.read_image(case), one.image)
            np.testing.assert_array_equal(client.read_label(case), one.label[0])
            for value, places in one.locations.items():
                stored = client.read_locations(case, value)
                expected = np.asarray(places).reshape(-1, 4)[:, 1:]
                np.testing.assert_array_equal(stored, expected[np.lexsort(expected.T[::-1])])


def test_geometry_is_told_in_the_sources_axes(tmp_path: Path) -> None:
    write_preprocessed(tmp_path / "folder")
    _import(tmp_path / "folder", tmp_path / "store")
    with serve(tmp_path / "store") as server, connect(server.address) as client:
        geometry = client.describe_dataset().cases[0].geometry
    assert geometry.transpose == TRANSPOSE
    assert tuple(geometry.original_shape[axis] for axis in TRANSPOSE) == (14, 16, 15)
    assert geometry.original_spacing_mm == (0.5, 1.0, 0.5)
    assert (geometry.crop_start, geometry.crop_end) == ((1, 0, 1), (13, 16, 15))
    # ITK's (x,y,z) spacing 0.5, 1, 0.5 with y and z exchanged, in a world that points right and front.
    affine = np.asarray(geometry.affine).reshape(4, 4)
    np.testing.assert_allclose(affine, [[-0.5, 0, 0, -3], [0, 0, -0.5, -4], [0, -1, 0, 5], [0, 0, 0, 1]])


def test_a_residual_encoders_plans_are_chosen_by_name(tmp_path: Path) -> None:
    write_preprocessed(tmp_path / "folder")
    plans = json.loads(json.dumps(PLANS))
    configuration = plans["configurations"]["3d_fullres"]
    configuration["patch_size"] = [8, 8, 8]
    kwargs = configuration["architecture"]["arch_kwargs"]
    del kwargs["n_conv_per_stage"]
    kwargs |= {"n_blocks_per_stage": [1, 3, 4], "n_conv_per_stage_decoder": [1, 1]}
    name = "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    configuration["architecture"]["network_class_name"] = name
    (tmp_path / "folder" / "nnUNetResEncUNetMPlans.json").write_text(json.dumps(plans))
    report = _import(tmp_path / "folder", tmp_path / "store", plans_name="nnUNetResEncUNetMPlans")
    assert report["plan"]["patchSize"] == [8, 8, 8]


def test_only_what_changed_is_read_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_preprocessed(tmp_path / "folder")
    first = _import(tmp_path / "folder", tmp_path / "store")
    assert _import(tmp_path / "folder", tmp_path / "store") == first
    arrays = tmp_path / "folder" / "nnUNetPlans_3d_fullres"
    with np.load(arrays / "phantom_2.npz") as stored:
        np.savez_compressed(arrays / "phantom_2.npz", data=stored["data"] + 1, seg=stored["seg"])
    with pytest.raises(PatchstreamError, match="see its message above"):
        _import(tmp_path / "folder", tmp_path / "store")
    assert "case phantom_2 was made of other files" in capfd.readouterr().err
    assert _import(tmp_path / "folder", tmp_path / "store", force=True)["digest"] != first["digest"]


def test_a_folder_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "nnUNet_preprocessed" / "Dataset900_Phantoms"
    write_preprocessed(folder)
    (tmp_path / "raw" / "imagesTr").mkdir(parents=True)
    (tmp_path / "raw" / "dataset.json").write_text("{}")
    wrong = {
        tmp_path / "nothing": "there is no such folder",
        folder / "nnUNetPlans_3d_fullres": f"name {folder}, not its folder of arrays",
        folder.parent: f"name one of Dataset900_Phantoms in {folder.parent}",
        tmp_path / "raw": "the plans that nnUNetv2_plan_and_preprocess writes",
    }
    for path, message in wrong.items():
        with pytest.raises(PatchstreamError) as refused:
            open_preprocessed(path)
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)
    with pytest.raises(PatchstreamError, match="it must be one of nnUNetPlans, chosen with --plans"):
        open_preprocessed(folder, "nnUNetResEncUNetLPlans")


def test_a_pickle_that_would_run_a_program_is_refused(tmp_path: Path) -> None:
    write_preprocessed(tmp_path / "folder")
    properties = tmp_path / "folder" / "nnUNetPlans_3d_fullres" / "phantom_1.pkl"
    properties.write_bytes(pickle.dumps({"class_locations": print}))
    with pytest.raises(PatchstreamError, match=r"it names builtins\.print, which no case of nnU-Net has"):
        open_preprocessed(tmp_path / "folder").read("phantom_1")


def test_a_case_made_for_other_labels_is_refused(tmp_path: Path) -> None:
    labels: dict[str, object] = {"background": 0, "both": [1, 2], "right": 2}
    write_preprocessed(tmp_path / "folder", labels=labels)
    with pytest.raises(
        PatchstreamError, match=r"it lacks \(1, 2\); it must be .* made with the dataset.json beside it"
    ):
        open_preprocessed(tmp_path / "folder").read("phantom_1")


def test_missing_arrays_are_named(tmp_path: Path) -> None:
    write_preprocessed(tmp_path / "folder")
    (tmp_path / "folder" / "nnUNetPlans_3d_fullres" / "phantom_2.npz").unlink()
    with pytest.raises(PatchstreamError, match=r"phantom_2\.pkl: its arrays are missing"):
        _import(tmp_path / "folder", tmp_path / "store")
