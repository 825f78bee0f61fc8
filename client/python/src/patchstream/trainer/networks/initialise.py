"""Initial weights: each value is a function of (seed, parameter, place), the same in every trainer."""

from math import pi, prod, sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from patchstream.plan.random import philox4x32

Start: TypeAlias = Literal["zeros", "ones", "he", "small-normal"] | float
"""Values of a fresh network.

He's normal distribution for weights of convolutions (nnU-Net), a normal distribution of deviation 0.02 (MONAI's
position embeddings), or, as a number, all values between minus and plus it alike (PyTorch's default).
"""

_WEIGHTS = 0x8000_0000
"""Third word of the counter of weight draws; batches use small ones, so the two never share a block."""
_SMALL_DEVIATION = 0.02
_LEAKY_SLOPE = 0.01
_WORD = 2.0**32
_BLOCKS_AT_ONCE = 1 << 20


def draw_parameter(shape: tuple[int, ...], start: Start, *, index: int, seed: int) -> NDArray[np.float32]:
    """Values of the `index`-th parameter of a network before training.

    He's follow nnU-Net's InitWeights_He: normal with variance 2 / ((1 + slope^2) fan), fan = product of all extents but
    the first (PyTorch's fan_in, which for a transposed convolution counts its outputs).
    """
    count = prod(shape)
    if start == "zeros" or start == "ones":
        return np.full(shape, 0 if start == "zeros" else 1, np.float32)
    values = np.empty(count + count % 2, np.float32)
    for first in range(0, len(values) // 2, _BLOCKS_AT_ONCE):
        end = min(first + _BLOCKS_AT_ONCE, len(values) // 2)
        one, other = _words(range(first, end), index, seed)
        if isinstance(start, float):
            values[2 * first : 2 * end : 2] = start * (2 * (one / _WORD) - 1)
            values[2 * first + 1 : 2 * end : 2] = start * (2 * (other / _WORD) - 1)
            continue
        deviation = sqrt(2 / ((1 + _LEAKY_SLOPE**2) * prod(shape[1:]))) if start == "he" else _SMALL_DEVIATION
        radius = np.sqrt(-2 * np.log((one + 1) / _WORD))
        angle = 2 * pi * (other / _WORD)
        values[2 * first : 2 * end : 2] = deviation * radius * np.cos(angle)
        values[2 * first + 1 : 2 * end : 2] = deviation * radius * np.sin(angle)
    drawn: NDArray[np.float32] = np.reshape(values[:count], shape)
    return drawn


def _words(blocks: range, index: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The first two words of each block, as doubles."""
    counter = np.arange(blocks.start, blocks.stop, dtype=np.uint64)
    other, third, fourth = (np.full_like(counter, word) for word in (index, _WEIGHTS, 0))
    one, two, _, _ = philox4x32((counter, other, third, fourth), (seed & 0xFFFF_FFFF, seed >> 32))
    return one.astype(np.float64), two.astype(np.float64)
