"""The .pkl beside a preprocessed case: where it lay in its file, and its foreground locations."""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from patchstream.errors import PatchstreamError
from patchstream.zyx import Zyx


@dataclass(frozen=True)
class CaseProperties:
    """What nnU-Net notes of a case. The crop is in source voxels after transposition."""

    spacing: tuple[float, float, float]
    """Of the source, mm, in the source's axis order (Z,Y,X)."""
    shape_before_crop: Zyx
    """After transposition."""
    crop_start: Zyx
    crop_end: Zyx
    affine: tuple[float, ...] | None
    """4x4, row by row: (x,y,z) voxels of the source to mm, as NIfTI has it. None where the reader did not note it."""
    locations: tuple[npt.NDArray[np.uint32], ...]
    """(n,3) Z,Y,X of each class as nnU-Net drew them; with an ignore label those of all labelled voxels come last."""


def read_properties(file: Path, dataset: Mapping[str, object]) -> CaseProperties:
    """Reads a .pkl by the labels of dataset.json. Throws INPUT_DAMAGED."""
    try:
        with file.open("rb") as content:
            properties = cast(Mapping[str, object], _NumbersOnly(content).load())
        box = cast(Sequence[Sequence[int]], properties["bbox_used_for_cropping"])
        stored = cast(Mapping[object, object], properties["class_locations"])
        return CaseProperties(
            spacing=cast(tuple[float, float, float], tuple(float(mm) for mm in _numbers(properties["spacing"]))),
            shape_before_crop=cast(Zyx, tuple(int(size) for size in _numbers(properties["shape_before_cropping"]))),
            crop_start=cast(Zyx, tuple(int(side[0]) for side in box)),
            crop_end=cast(Zyx, tuple(int(side[1]) for side in box)),
            affine=_affine(properties),
            locations=tuple(_places(stored[key]) for key in location_keys(dataset)),
        )
    except OSError as error:
        raise _damaged(file, str(error.strerror), "readable") from error
    except KeyError as error:
        raise _damaged(file, f"it lacks {error}", "of nnU-Net v2, made with the dataset.json beside it") from error
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError) as error:
        raise _damaged(file, f"it cannot be read ({error})", "as nnU-Net v2 writes it") from error


def location_keys(dataset: Mapping[str, object]) -> list[object]:
    """Keys of `class_locations` (DefaultPreprocessor.run_case_npy), in the order of a store's classes."""
    labels = cast(Mapping[str, int | list[int]], dataset["labels"])
    learnt = [value for name, value in labels.items() if name != "ignore"]
    foreground = [value for value in learnt if set(_listed(value)) != {0}]
    if any(len(_listed(value)) > 1 for value in learnt):
        keys: list[object] = [tuple(value) if isinstance(value, list) else value for value in foreground]
    else:
        keys = [*sorted(one for value in foreground for one in _listed(value))]
    if "ignore" in labels:
        keys.append((-1, *sorted({one for value in learnt for one in _listed(value)})))
    return keys


class _NumbersOnly(pickle.Unpickler):
    """A pickle may run any program. Of nnU-Net's only numpy's own classes are taken."""

    def find_class(self, module: str, name: str) -> object:
        numpy_names = {"_reconstruct", "scalar", "ndarray", "dtype", "_frombuffer"}
        if module.split(".")[0] == "numpy" and name in numpy_names:
            return super().find_class(module, name)
        if module == "collections" and name == "OrderedDict":
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no case of nnU-Net has")


def _affine(properties: Mapping[str, object]) -> tuple[float, ...] | None:
    if "sitk_stuff" in properties:
        itk = cast(Mapping[str, Sequence[float]], properties["sitk_stuff"])
        if len(itk["spacing"]) != 3:
            return None
        rows = np.array([itk["direction"][3 * row : 3 * row + 3] for row in range(3)], dtype=np.float64)
        matrix = np.eye(4)
        matrix[:3, :3] = rows * np.asarray(itk["spacing"])
        matrix[:3, 3] = itk["origin"]
        matrix[:2] *= -1  # ITK's world points left and back, NIfTI's right and front
        return tuple(matrix.ravel().tolist())
    if "nibabel_stuff" in properties:
        nibabel = cast(Mapping[str, npt.NDArray[np.float64]], properties["nibabel_stuff"])
        used = nibabel.get("reoriented_affine", nibabel.get("original_affine"))
        return None if used is None else tuple(np.asarray(used, dtype=np.float64).ravel().tolist())
    return None


def _places(stored: object) -> npt.NDArray[np.uint32]:
    """nnU-Net's entries are (channel, z, y, x); a class that is absent has an empty list."""
    places = np.asarray(stored)
    if places.size == 0:
        return np.zeros((0, 3), np.uint32)
    if places.ndim != 2 or places.shape[1] != 4 or places.min() < 0:
        raise ValueError(f"locations of shape {places.shape}")
    return np.ascontiguousarray(places[:, 1:], dtype=np.uint32)


def _numbers(value: object) -> Sequence[float]:
    return cast(Sequence[float], value)


def _listed(value: int | list[int]) -> list[int]:
    return value if isinstance(value, list) else [value]


def _damaged(file: Path, reason: str, want: str) -> PatchstreamError:
    return PatchstreamError({"code": "INPUT_DAMAGED", "file": str(file), "reason": reason, "want": want})
