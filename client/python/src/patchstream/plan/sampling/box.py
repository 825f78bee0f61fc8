"""Where the box of a patch may start: nnU-Net's `get_bbox` (`data_loader.py`)."""

import numpy as np

from patchstream.plan.arrays import Integers
from patchstream.zyx import Zyx, zyx_of


def random_start_bounds(shapes: Integers, crop_size: Zyx) -> tuple[Integers, Integers]:
    """Bounds (both included) of the first voxel of random boxes of `crop_size` in volumes of `shapes` (n, 3).

    A volume smaller than the box is centred in it, to within one voxel.
    """
    crop = np.array(crop_size)
    need = np.maximum(crop - shapes, 0)
    return -((need + 1) // 2), shapes + need // 2 + need % 2 - crop


def located_start_bounds(shape: Zyx, crop_size: Zyx) -> tuple[Zyx, Zyx]:
    """Bounds (both included) of `located_start` over all voxels of a volume of `shape`."""
    z, y, x = shape
    return located_start((0, 0, 0), shape, crop_size), located_start((z - 1, y - 1, x - 1), shape, crop_size)


def located_start(voxel: Zyx, shape: Zyx, crop_size: Zyx) -> Zyx:
    """First voxel (Z,Y,X) of the box of `crop_size` around a `voxel` of a volume of `shape`.

    As in nnU-Net the box stops at the lower border only: at the upper one it may reach past the volume, by up to half a
    patch.
    """
    lowers, _ = random_start_bounds(np.array([shape]), crop_size)
    return zyx_of(np.maximum(lowers[0], np.array(voxel) - np.array(crop_size) // 2))
