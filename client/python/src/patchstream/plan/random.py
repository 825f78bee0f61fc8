"""Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).

A draw is a function of its place alone, so any batch can be drawn without the one before it. Only + - x / and integer
operations are used: the numbers are the same on every machine and in every language. Here many draws are made at once.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from patchstream.plan.arrays import Doubles, Integers, Truths
from patchstream.timeline import Timeline

Words = NDArray[np.uint64]
"""Unsigned 32-bit words, each in 64 bits, so that a product of two fits."""


class Purpose(IntEnum):
    """What a draw decides. The numbers are part of the recipe."""

    STAGE = 0
    BATCH_CASE = 1
    SAMPLE_CASE = 2
    CASE_ORDER = 3
    CLASS = 4
    LOCATION = 5
    START = 6
    MIRROR = 7
    ROTATION = 8
    SCALING = 9
    NOISE = 10
    # The noise itself, not drawn here but when it is added.
    NOISE_VOXELS = 11
    BLUR = 12
    BRIGHTNESS = 13
    CONTRAST = 14
    LOW_RESOLUTION = 15
    GAMMA_INVERTED = 16
    GAMMA = 17


@dataclass(frozen=True, slots=True)
class DrawPlace:
    """Where in a run something is drawn: with a purpose and an index it gives Philox's key and counter.

    `seed` is 0 to 2^53 - 1; `step` and `sample` are 0 to 2^32 - 1, one number or arrays that broadcast. `sample` is the
    number in the global batch; 0 where the draw belongs to the whole batch.
    """

    seed: int
    timeline: Timeline
    step: int | Integers
    sample: int | Integers = 0


_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)


def philox4x32(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Philox4x32 with 10 rounds: four unsigned 32-bit words for each counter of four words, and a key of two."""
    a, b, c, d = counter
    low, high = key
    for _ in range(10):
        first = a * _MULTIPLIERS[0]
        second = c * _MULTIPLIERS[1]
        a, b = (second >> _HALF) ^ b ^ np.uint64(low), second & _WORD
        c, d = (first >> _HALF) ^ d ^ np.uint64(high), first & _WORD
        low, high = (low + _WEYL[0]) & 0xFFFFFFFF, (high + _WEYL[1]) & 0xFFFFFFFF
    return a, b, c, d


def purpose_word(timeline: Timeline, purpose: Purpose) -> int:
    """Third word of the counter of all draws for a purpose; step and sample come before it, the index after it."""
    return 2 * int(purpose) + (1 if timeline == "val" else 0)


def draw_uniform(place: DrawPlace, purpose: Purpose, index: int | Integers) -> Doubles:
    """Doubles uniform in [0, 1), multiples of 2^-53, made of each block's first two words.

    `index` says which of several draws for one purpose it is: an axis, a position. The answer has the shape that steps,
    samples and indices broadcast to.
    """
    words = (place.step, place.sample, purpose_word(place.timeline, purpose), index)
    a, b, c, d = (np.asarray(word).astype(np.uint64) for word in words)
    first, second, _, _ = philox4x32((a, b, c, d), (place.seed & 0xFFFFFFFF, place.seed >> 32))
    bits = ((first >> np.uint64(5)) << np.uint64(26)) | (second >> np.uint64(6))
    return bits.astype(np.float64) / 2.0**53


def draw_between(place: DrawPlace, purpose: Purpose, index: int | Integers, limits: tuple[float, float]) -> Doubles:
    """Doubles uniform in `limits`, without the upper one."""
    low, high = limits
    return low + draw_uniform(place, purpose, index) * (high - low)


def draw_event(place: DrawPlace, purpose: Purpose, index: int | Integers, probability: float) -> Truths:
    """True with `probability`."""
    return draw_uniform(place, purpose, index) < probability


def draw_integer(place: DrawPlace, purpose: Purpose, index: int | Integers, count: int | Integers) -> Integers:
    """Integers from 0 to `count` - 1: floor(uniform x count). `count` is 1 to 2^32, one number or an array."""
    return np.floor(draw_uniform(place, purpose, index) * count).astype(np.int64)
