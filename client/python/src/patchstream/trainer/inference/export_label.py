"""Logits on the store's grid as a label on the source file's grid."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from patchstream.trainer.inference.geometry import GridGeometry
from patchstream.trainer.inference.sliding_window import Slab
from patchstream.zyx import Zyx

_ANISOTROPY = 3
"""Where the coarsest spacing is more than this many times the finest, nnU-Net treats that axis separately."""


class LabelMaker:
    """Makes the label of a volume from its logits, plane by plane.

    They are resampled to the cropped source grid, the largest class taken, pasted into the uncropped volume (0
    outside), transposed back (nnU-Net, `convert_predicted_logits_to_segmentation_with_correct_shape`). It holds the
    label, and one plane of logits.
    """

    def __init__(self, size: Zyx, geometry: GridGeometry, export_values: Sequence[int] | None = None) -> None:
        """For logits on the store's grid of `size`.

        `export_values`: the outputs are regions, each above 0 where a voxel belongs to it; later ones go over earlier
        ones.
        """
        self._crop = [slice(*box) for box in zip(geometry.crop_start, geometry.crop_end, strict=True)]
        self._back = sorted(range(3), key=lambda axis: geometry.transpose[axis])
        self._export_values = export_values
        target = [geometry.original_spacing_mm[axis] for axis in geometry.transpose]
        self._nearest = _coarse_axis(geometry.spacing_mm, target)
        cropped = geometry.crop_end[0] - geometry.crop_start[0]
        self._low, self._high, self._share = _taps(size[0], cropped, nearest=self._nearest == 0)
        self._turned = np.zeros([geometry.original_shape[axis] for axis in geometry.transpose], np.uint8)
        self._before: Slab | None = None
        self._next = 0

    def take(self, slab: Slab) -> None:
        """Takes the planes that follow on those before."""
        end = slab.z + slab.logits.shape[1]
        box_z, *box = self._crop
        while self._next < len(self._high) and self._high[self._next] < end:
            self._turned[(box_z.start + self._next, *box)] = self._decided(slab)
            self._next += 1
        self._before = Slab(end - 1, slab.logits[:, -1:].copy())

    def label(self) -> NDArray[np.uint8]:
        """(Z,Y,X) of the source file, in stored values; whole when all planes were taken."""
        return np.ascontiguousarray(np.transpose(self._turned, self._back))

    def _decided(self, slab: Slab) -> NDArray[np.uint8]:
        """The next plane (Y,X) of the cropped source grid. Of equal logits the lowest class counts."""
        size = [box.stop - box.start for box in self._crop[1:]]
        label = np.zeros(size, np.uint8)
        largest = np.full(size, -np.inf, np.float32)
        for output in range(len(slab.logits)):
            on_source = _resampled(self._between(slab, output), size, self._nearest)
            if self._export_values is not None:
                label[on_source > 0] = self._export_values[output]
                continue
            is_larger = on_source > largest
            label[is_larger] = output
            largest[is_larger] = on_source[is_larger]
        return label

    def _between(self, slab: Slab, output: int) -> NDArray[np.float32]:
        """Logits (Y,X) of an output at the next plane of the cropped source grid, in the plane of the store's grid."""
        low, high, share = (of[self._next] for of in (self._low, self._high, self._share))
        below = self._plane(slab, output, low)
        return below if share == 0 else _mixed(below, self._plane(slab, output, high), np.reshape(share, (1, 1)))

    def _plane(self, slab: Slab, output: int, z: int) -> NDArray[np.float32]:
        held = slab if z >= slab.z or self._before is None else self._before
        return held.logits[output, z - held.z]


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


def _taps(
    before: int, after: int, *, nearest: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Where each of `after` voxels takes its value from: (1 - share) of the first and share of the second.

    Half-pixel grid with the edge repeated: SciPy's `zoom(grid_mode=True, mode="nearest")`.
    """
    position = (np.arange(after) + 0.5) * before / after - 0.5
    low = np.floor(position + 0.5 if nearest else position).astype(np.int64)
    share = np.zeros(after) if nearest else position - low
    first = np.minimum(np.maximum(low, 0), before - 1)
    return first, first if nearest else np.minimum(np.maximum(low + 1, 0), before - 1), share


def _resampled(plane: NDArray[np.float32], size: Sequence[int], nearest: int | None) -> NDArray[np.float32]:
    """A plane (Y,X), linear, but nearest neighbour along one axis (`resample_data_or_seg`, order 1 and order_z 0)."""
    for axis, (before, after) in enumerate(zip(plane.shape, size, strict=True)):
        if before == after:
            continue
        low, high, share = _taps(before, after, nearest=axis + 1 == nearest)
        below: NDArray[np.float32] = np.take(plane, low, axis)
        if axis + 1 == nearest:
            plane = below
            continue
        along = np.reshape(share, [-1 if one == axis else 1 for one in range(2)])
        plane = _mixed(below, np.take(plane, high, axis), along)
    return plane


def _mixed(below: NDArray[np.float32], above: NDArray[np.float32], share: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(below + share * (above - below), np.float32)
