"""Logits on the store's grid as a label on the source file's grid."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from patchstream.trainer.inference.geometry import GridGeometry

_ANISOTROPY = 3
"""Where the coarsest spacing is more than this many times the finest, nnU-Net treats that axis separately."""


def label_on_original_grid(
    logits: NDArray[np.float32], geometry: GridGeometry, export_values: Sequence[int] | None = None
) -> NDArray[np.uint8]:
    """The label (Z,Y,X of the source file), in stored values, that logits (K,Z,Y,X) mean.

    Resampled to the cropped source grid, the largest class taken, pasted into the uncropped volume (0 outside),
    transposed back (nnU-Net, `convert_predicted_logits_to_segmentation_with_correct_shape`). `export_values`: the
    outputs are regions, each above 0 where a voxel belongs to it; later ones go over earlier ones.
    """
    size = tuple(end - start for start, end in zip(geometry.crop_start, geometry.crop_end, strict=True))
    z, y, x = geometry.transpose
    target = [geometry.original_spacing_mm[axis] for axis in (z, y, x)]
    nearest = _coarse_axis(geometry.spacing_mm, target)
    label = np.zeros(size, np.uint8)
    largest = np.full(size, -np.inf, np.float32)
    for output, volume in enumerate(logits):
        on_source = _resampled(volume, size, nearest)
        if export_values is not None:
            label[on_source > 0] = export_values[output]
            continue
        is_larger = on_source > largest
        label[is_larger] = output
        largest[is_larger] = on_source[is_larger]
    turned = np.zeros([geometry.original_shape[axis] for axis in geometry.transpose], np.uint8)
    box = tuple(slice(start, end) for start, end in zip(geometry.crop_start, geometry.crop_end, strict=True))
    turned[box] = label
    back = sorted(range(3), key=lambda axis: geometry.transpose[axis])
    return np.ascontiguousarray(np.transpose(turned, back))


def region_values(export_values: Sequence[int], source_values: Sequence[int]) -> list[int] | None:
    """The stored value that a predicted voxel of each region has; None where there are no regions."""
    return [source_values.index(value) for value in export_values] or None


def _coarse_axis(of_store: Sequence[float], of_source: Sequence[float]) -> int | None:
    """The axis along which nnU-Net resamples by nearest neighbour (`determine_do_sep_z_and_axis`); None for none."""
    spacing = next((mm for mm in (of_store, of_source) if max(mm) / min(mm) > _ANISOTROPY), None)
    if spacing is None:
        return None
    coarsest = [axis for axis in range(3) if spacing[axis] == max(spacing)]
    return coarsest[0] if len(coarsest) == 1 else None


def _resampled(volume: NDArray[np.float32], size: Sequence[int], nearest: int | None) -> NDArray[np.float32]:
    """Linear, but nearest neighbour along one axis (`resample_data_or_seg`, order 1 and order_z 0)."""
    for axis, (before, after) in enumerate(zip(volume.shape, size, strict=True)):
        if before == after:
            continue
        # Half-pixel grid with the edge repeated: SciPy's `zoom(grid_mode=True, mode="nearest")`.
        position = (np.arange(after) + 0.5) * before / after - 0.5
        low = np.floor(position + 0.5 if axis == nearest else position).astype(np.int64)
        below: NDArray[np.float32] = np.take(volume, np.minimum(np.maximum(low, 0), before - 1), axis)
        if axis == nearest:
            volume = below
            continue
        above: NDArray[np.float32] = np.take(volume, np.minimum(np.maximum(low + 1, 0), before - 1), axis)
        share = np.reshape(position - low, [-1 if one == axis else 1 for one in range(3)])
        volume = np.asarray(below + share * (above - below), np.float32)
    return volume
