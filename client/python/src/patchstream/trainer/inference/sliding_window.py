"""Logits of a whole volume: windows of the plan's patch, averaged with Gaussian weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

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


def predict_by_sliding_window(
    predict: Predict, image: NDArray[np.float32], windows: Windows, between: Callable[[], None] = lambda: None
) -> NDArray[np.float32]:
    """Logits (K,Z,Y,X) on the grid of an image (C,Z,Y,X) (nnU-Net, `predict_sliding_window_return_logits`).

    `between` is called before each batch of windows, and may raise.
    """
    size, patch = image.shape[1:], windows.patch_size
    importance = gaussian_importance(patch)
    logits = np.zeros((windows.classes, *size), np.float32)
    weights = np.zeros(size, np.float32)
    starts = window_starts((size[0], size[1], size[2]), patch)
    for first in range(0, len(starts), windows.batch_size):
        between()
        group = starts[first : first + windows.batch_size]
        cut = np.stack([_cut(image, start, patch) for start in group])
        for predicted, start in zip(_mirrored(predict, cut, windows.mirror_axes), group, strict=True):
            inside, within = _overlap(size, start, patch)
            weights[inside] += importance[within]
            logits[(slice(None), *inside)] += importance[within] * predicted[(slice(None), *within)]
    logits /= weights
    return logits


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
