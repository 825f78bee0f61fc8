"""How a stored volume lies in its original file."""

from dataclasses import dataclass

from patchstream.dataset_info import DatasetCase
from patchstream.zyx import Zyx


@dataclass(frozen=True, slots=True)
class GridGeometry:
    """Spacings in mm (Z,Y,X)."""

    original_shape: Zyx
    """Source array shape (Z,Y,X)."""
    original_spacing_mm: tuple[float, float, float]
    transpose: Zyx
    """Axis i of the store is axis `transpose[i]` of the source."""
    crop_start: Zyx
    """Box kept by the crop to nonzero, in transposed source voxels; `crop_end` is outside."""
    crop_end: Zyx
    spacing_mm: tuple[float, float, float]
    """Of the stored volume."""


def geometry_of(case: DatasetCase) -> GridGeometry:
    """Of a stored case."""
    source = case.geometry
    return GridGeometry(
        original_shape=source.original_shape,
        original_spacing_mm=source.original_spacing_mm,
        transpose=source.transpose,
        crop_start=source.crop_start,
        crop_end=source.crop_end,
        spacing_mm=case.spacing_mm,
    )


def as_it_lies(size: Zyx) -> GridGeometry:
    """Of an image that is its own original: nothing cut, turned or resampled."""
    one = (1.0, 1.0, 1.0)
    return GridGeometry(size, one, (0, 1, 2), (0, 0, 0), size, one)
