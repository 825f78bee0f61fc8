"""Where the windows of a sliding window lie, and how much each of their voxels counts."""

from functools import reduce
from itertools import product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from patchstream.zyx import Zyx

_TRUNCATE = 4
"""SciPy's `gaussian_filter` cuts its kernel off after this many standard deviations."""


def window_starts(size: Zyx, patch: Zyx) -> list[Zyx]:
    """First voxels (Z,Y,X) of all windows over a volume, X fastest: half a patch apart at most, evenly spread.

    nnU-Net's `compute_steps_for_sliding_window`. Where the volume is smaller than the patch the window is centred on it
    and starts outside: zero padding on both sides.
    """
    return list(product(*(_along(extent, of) for extent, of in zip(size, patch, strict=True))))  # pyright: ignore[reportReturnType]


def _along(size: int, patch: int) -> list[int]:
    if size <= patch:
        return [-((patch - size) // 2)]
    count = ceil((size - patch) / (patch / 2)) + 1
    spacing = (size - patch) / (count - 1)
    return [round(spacing * index) for index in range(count)]


def gaussian_importance(patch: Zyx) -> NDArray[np.float32]:
    """How much each voxel of a window counts (Z,Y,X).

    A Gaussian of sigma = patch / 8 around the centre, scaled to a maximum of 10; what underflows to 0 gets the smallest
    value that did not (nnU-Net, `compute_gaussian`).
    """
    z, y, x = (_blurred_impulse(extent) for extent in patch)
    peak = z.max() * y.max() * x.max()
    volume = reduce(np.multiply, (10 * z[:, None, None], y[:, None], x)) / peak
    importance = volume.astype(np.float32)
    importance[importance == 0] = importance[importance > 0].min()
    return importance


def _blurred_impulse(patch: int) -> NDArray[np.float64]:
    """A unit impulse at floor(patch / 2) filtered with sigma = patch / 8, as SciPy does with a constant edge of 0."""
    sigma = patch / 8
    radius = int(_TRUNCATE * sigma + 0.5)
    distances = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * distances**2 / sigma**2)
    distance = np.abs(np.arange(patch) - patch // 2)
    values = np.exp(-0.5 * distance**2 / sigma**2) / kernel.sum()
    return np.where(distance > radius, 0.0, values)
