"""Preprocessed folders as nnU-Net leaves them, of phantoms."""

# pyright: basic, reportMissingTypeStubs=false, reportOptionalMemberAccess=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

CASES = ("phantom_1", "phantom_2", "phantom_3")
TRANSPOSE = (1, 2, 0)


@dataclass(frozen=True)
class Phantom:
    """One case as it lies in the folder."""

    image: npt.NDArray[np.float32]
    label: npt.NDArray[np.int16]
    locations: dict[object, npt.NDArray[np.int64] | list[int]]


def phantom(seed: int, channels: int = 2, labels: int = 3) -> Phantom:
    """An image of noise, and a label of -1 to `labels` - 1, the last of which no odd case has."""
    random = np.random.default_rng(seed)
    image = random.normal(size=(channels, 12, 16, 14)).astype(np.float32)
    label = random.integers(-1, labels - seed % 2, size=(1, 12, 16, 14)).astype(np.int16)
    locations: dict[object, npt.NDArray[np.int64] | list[int]] = {}
    for value in range(1, labels):
        places = np.argwhere(label == value)
        locations[value] = random.permutation(places)[:50] if len(places) else []
    return Phantom(image, label, locations)


PLANS: dict[str, Any] = {
    "dataset_name": "Dataset900_Phantoms",
    "plans_name": "nnUNetPlans",
    "transpose_forward": list(TRANSPOSE),
    "transpose_backward": [TRANSPOSE.index(axis) for axis in range(3)],
    "configurations": {
        "3d_fullres": {
            "data_identifier": "nnUNetPlans_3d_fullres",
            "batch_size": 2,
            "patch_size": [8, 16, 8],
            "spacing": [1.0, 0.5, 0.5],
            "normalization_schemes": ["ZScoreNormalization", "ZScoreNormalization"],
            "use_mask_for_norm": [True, False],
            "batch_dice": False,
            "architecture": {
                "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
                "arch_kwargs": {
                    "n_stages": 3,
                    "features_per_stage": [4, 8, 16],
                    "kernel_sizes": [[3, 3, 3]] * 3,
                    "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
                    "n_conv_per_stage": [2, 2, 2],
                    "n_conv_per_stage_decoder": [2, 2],
                },
            },
        }
    },
}


def write_preprocessed(
    folder: Path,
    *,
    kind: Literal["b2nd", "npz", "npy"] = "npz",
    cases: Sequence[str] = CASES,
    labels: dict[str, object] | None = None,
) -> dict[str, Phantom]:
    """Writes `folder` as nnU-Net would, and returns its cases."""
    arrays = folder / "nnUNetPlans_3d_fullres"
    arrays.mkdir(parents=True)
    (folder / "nnUNetPlans.json").write_text(json.dumps(PLANS))
    dataset = {
        "channel_names": {"0": "T1", "1": "T2"},
        "labels": labels or {"background": 0, "left": 1, "right": 2},
        "numTraining": len(cases),
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "splits_final.json").write_text(json.dumps([{"train": list(cases[1:]), "val": [cases[0]]}]))
    written = {case: phantom(seed) for seed, case in enumerate(cases)}
    for case, one in written.items():
        _write_arrays(arrays, case, one, kind)
        properties = {
            "spacing": [np.float64(0.5), np.float64(1.0), np.float64(0.5)],
            "shape_before_cropping": (14, 16, 15),
            "bbox_used_for_cropping": [[1, 13], [0, 16], [np.int64(1), np.int64(15)]],
            "shape_after_cropping_and_before_resampling": (12, 16, 14),
            "sitk_stuff": {
                "spacing": (0.5, 1.0, 0.5),
                "origin": (3.0, 4.0, 5.0),
                "direction": (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0),
            },
            "class_locations": one.locations,
        }
        (arrays / f"{case}.pkl").write_bytes(pickle.dumps(properties))
    return written


def _write_arrays(arrays: Path, case: str, one: Phantom, kind: Literal["b2nd", "npz", "npy"]) -> None:
    match kind:
        case "npz":
            np.savez_compressed(arrays / f"{case}.npz", data=one.image, seg=one.label)
        case "npy":
            np.save(arrays / f"{case}.npy", one.image)
            np.save(arrays / f"{case}_seg.npy", one.label)
        case "b2nd":
            import blosc2

            blosc2.asarray(one.image, urlpath=str(arrays / f"{case}.b2nd"))
            blosc2.asarray(one.label, urlpath=str(arrays / f"{case}_seg.b2nd"))
