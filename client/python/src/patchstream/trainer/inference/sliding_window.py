"""Logits of a whole volume: windows of the plan's patch, averaged with Gaussian weights."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from patchstream.trainer.inference.windows import gaussian_importance, window_starts
from patchstream.zyx import Zyx

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Logits (B,K,Z,Y,X) of images (B,C,Z,Y,X)."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How a volume goes through a network."""

    patch_size: Zyx
    """The plan's, whatever stage training has reached."""
    batch_size: int
    """Windows that go through the network together."""
    classes: int
    """Outputs of the network."""
    mirror_axes: Sequence[int]
    """Axes of test-time mirroring: the mean over all 2^n flips is taken."""


@dataclass(frozen=True, slots=True)
class Slab:
    """Planes along Z whose logits are final."""

    z: int
    """The first plane."""
    logits: NDArray[np.float32]
    """(K,planes,Y,X)."""


def window_batches(size: Zyx, windows: Windows) -> Iterator[list[Zyx]]:
    """First voxels of the windows that go through the network together: all of a batch begin at the same plane."""
    for _, of_plane in groupby(window_starts(size, windows.patch_size), key=itemgetter(0)):
        row = list(of_plane)
        for first in range(0, len(row), windows.batch_size):
            yield row[first : first + windows.batch_size]


def predict_in_slabs(
    predict: Predict, image: NDArray[np.float32], windows: Windows, between: Callable[[], None] = lambda: None
) -> Iterator[Slab]:
    """Logits on the grid of an image (C,Z,Y,X), plane by plane from the first on.

    nnU-Net's `predict_sliding_window_return_logits`; no more planes are held than a patch has. `between` is called
    before each batch of windows, and may raise.
    """
    (_, depth, height, width), patch = image.shape, windows.patch_size
    importance = gaussian_importance(patch)
    held = (min(depth, patch[0]), height, width)
    logits = np.zeros((windows.classes, *held), np.float32)
    weights = np.zeros(held, np.float32)
    first = 0
    for group in window_batches((depth, height, width), windows):
        begin = max(0, group[0][0])
        if begin > first:
            planes = begin - first
            yield Slab(first, logits[:, :planes] / weights[:planes])
            _move_up(logits, planes)
            _move_up(weights[None], planes)
            first = begin
        between()
        cut = np.stack([_cut(image, start, patch) for start in group])
        for predicted, (z, y, x) in zip(_mirrored(predict, cut, windows.mirror_axes), group, strict=True):
            inside, within = _overlap(held, (z - first, y, x), patch)
            weights[inside] += importance[within]
            logits[(slice(None), *inside)] += importance[within] * predicted[(slice(None), *within)]
    logits /= weights
    yield Slab(first, logits)


def _move_up(maps: NDArray[np.float32], planes: int) -> None:
    """Moves the planes of (K,Z,Y,X) to the front, over the first ones, and zeros up from behind."""
    kept = maps.shape[1] - planes
    for values in maps:
        values[:kept] = values[planes:]
        values[kept:] = 0


def _overlap(size: Sequence[int], start: Zyx, patch: Zyx) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where a window lies in the volume, and which part of the window does."""
    lows = [max(0, at) for at in start]
    highs = [min(extent, at + of) for extent, at, of in zip(size, start, patch, strict=True)]
    inside = tuple(slice(low, high) for low, high in zip(lows, highs, strict=True))
    within = tuple(slice(low - at, high - at) for low, high, at in zip(lows, highs, start, strict=True))
    return inside, within


def _cut(image: NDArray[np.float32], start: Zyx, patch: Zyx) -> NDArray[np.float32]:
    """(C,Z,Y,X) of a window; 0 outside the volume."""
    window = np.zeros((len(image), *patch), np.float32)
    inside, within = _overlap(image.shape[1:], start, patch)
    window[(slice(None), *within)] = image[(slice(None), *inside)]
    return window


def _mirrored(predict: Predict, images: NDArray[np.float32], axes: Sequence[int]) -> NDArray[np.float32]:
    """Mean logits over all flips of `axes`, each turned back."""
    sets = [chosen for count in range(len(axes) + 1) for chosen in combinations([axis + 2 for axis in axes], count)]
    mean = (predict(images) / len(sets)).astype(np.float32, copy=False)
    for flipped in sets[1:]:
        mean += np.flip(predict(np.ascontiguousarray(np.flip(images, flipped))), flipped) / len(sets)
    return mean
