"""The image that a caller of Predict announces, and then sends."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, prod
from typing import Any

from patchstream.errors import PatchstreamError, refuse_request
from patchstream.v1 import data_pb2
from patchstream.v1 import trainer_pb2 as wire

_MOST_IMAGE_VALUES = 1 << 30
"""Voxels times channels of an image to label: 4 GiB of float32. Voxels of a label: 1 GiB of bytes."""


_MOST_ALONG_AXIS = 1 << 16
"""Voxels along an axis: what is kept for each of them is small beside any volume then."""


def announced_image(asked: wire.PredictImage) -> Mapping[str, Any]:
    """Its shape, and how it lies in its source file where that is said. Raises REQUEST_INVALID, LIMIT_EXCEEDED."""
    if asked.tensor.type != "f32":
        raise refuse_request("image.tensor.type", asked.tensor.type, "f32")
    shape = list(asked.tensor.shape)
    if len(shape) != 4 or 0 in shape:
        want = "four extents, channels, Z, Y and X, each at least 1"
        raise refuse_request("image.tensor.shape", shape, want)
    _check_size("values of an image", prod(shape), shape[1:])
    geometry = _geometry(asked.geometry, asked.spacing_mm) if asked.HasField("geometry") else None
    return {"kind": "image", "shape": shape, "geometry": geometry}


def _geometry(sent: data_pb2.Geometry, spacing_mm: Sequence[float]) -> Mapping[str, Any]:
    """The fields of `GridGeometry`."""
    at = "image.geometry"
    size = _three(f"{at}.original_shape", sent.original_shape, lambda extent: extent >= 1, "at least 1")
    _check_size("voxels of a label", prod(size), size)
    transpose = _three(f"{at}.transpose", sent.transpose, lambda axis: axis <= 2, "0, 1 or 2")
    if len(set(transpose)) < 3:
        raise refuse_request(f"{at}.transpose", transpose, "0, 1 and 2 in any order")
    turned = [size[axis] for axis in transpose]
    start = _three(f"{at}.crop_start", sent.crop_start, lambda _: True, "a voxel")
    end = _three(f"{at}.crop_end", sent.crop_end, lambda _: True, "a voxel")
    if not all(low < high <= extent for low, high, extent in zip(start, end, turned, strict=True)):
        raise refuse_request(f"{at}.crop_end", end, f"above crop_start {start}, and at most {turned}")
    original = _three(f"{at}.original_spacing_mm", sent.original_spacing_mm, _is_spacing, "above 0")
    return {
        "original_shape": size,
        "original_spacing_mm": original,
        "transpose": transpose,
        "crop_start": start,
        "crop_end": end,
        "spacing_mm": _three("image.spacing_mm", spacing_mm, _is_spacing, "above 0"),
    }


def _three(field: str, values: Sequence[Any], is_right: Callable[[Any], bool], want: str) -> list[Any]:
    if len(values) != 3 or not all(is_right(value) for value in values):
        raise refuse_request(field, list(values), f"three numbers, Z, Y and X, each {want}")
    return list(values)


def _is_spacing(value: float) -> bool:
    return isfinite(value) and value > 0


def _check_size(what: str, got: int, size: Sequence[int]) -> None:
    along_axis = max(size)
    for limit, count, most in (
        (what, got, _MOST_IMAGE_VALUES),
        (f"{what} along an axis", along_axis, _MOST_ALONG_AXIS),
    ):
        if count > most:
            raise PatchstreamError({"code": "LIMIT_EXCEEDED", "limit": limit, "got": count, "max": most})
