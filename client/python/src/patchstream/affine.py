"""Where voxels of the store and of patches lie in the world."""

import numpy as np
from numpy.typing import NDArray

from .dataset_info import DatasetCase
from .zyx import Zyx


def store_affine(case: DatasetCase) -> NDArray[np.float64]:
    """4x4: (z,y,x) of a stored voxel to its position in the world (mm), in the world of the source's own matrix.

    Resampling keeps the edges of a volume (nnU-Net's `resize`), so centres move by half the difference of the voxels.
    """
    geometry = case.geometry
    to_source = np.zeros((4, 4))  # (z,y,x) of the store to (x,y,z) of the source
    to_source[3, 3] = 1
    for axis in range(3):
        start, end = geometry.crop_start[axis], geometry.crop_end[axis]
        scale = (end - start) / case.shape[1 + axis]
        row = 2 - geometry.transpose[axis]
        to_source[row, axis] = scale
        to_source[row, 3] = start + (scale - 1) / 2
    return np.reshape(np.asarray(geometry.affine, np.float64), (4, 4)) @ to_source


def patch_affine(case: DatasetCase, *, start: Zyx, size: Zyx, patch_size: Zyx) -> NDArray[np.float64]:
    """4x4: (z,y,x) of a patch's voxel to its position in the world (mm), before augmentation.

    `start`, `size`: the sample's box in store voxels; `patch_size`: what it became (another size under Progressive
    Resolution).
    """
    to_store = np.eye(4)
    for axis in range(3):
        scale = size[axis] / patch_size[axis]
        to_store[axis, axis] = scale
        to_store[axis, 3] = start[axis] + (scale - 1) / 2
    return store_affine(case) @ to_store
