"""Three numbers in axis order Z, Y, X (nnU-Net's order after transposition): voxels unless the name says mm."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Zyx = tuple[int, int, int]


def zyx_of(numbers: NDArray[np.int64] | Sequence[int]) -> Zyx:
    """Three numbers as a tuple of integers."""
    z, y, x = numbers
    return int(z), int(y), int(x)


def voxel_count(size: Zyx) -> int:
    """Voxels in a box of `size` (Z,Y,X)."""
    return size[0] * size[1] * size[2]
