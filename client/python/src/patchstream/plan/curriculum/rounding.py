"""How the batch that fits the voxel budget becomes a whole number."""

import math
from typing import Literal

Rounding = Literal["floor", "even-floor", "floor-minus-1", "power-of-two", "multiple-of-base"]
"""The paper's own figures are those of `floor`."""


def round_batch(rounding: Rounding, fitting: float, base: int) -> int:
    """Largest batch that a rounding allows within `fitting` samples; never less than the plan's `base`."""
    return max(base, _round_down(rounding, math.floor(fitting), base))


def _round_down(rounding: Rounding, whole: int, base: int) -> int:
    match rounding:
        case "floor":
            return whole
        case "even-floor":
            return whole - whole % 2
        case "floor-minus-1":
            return whole - 1
        case "power-of-two":
            return 1 << (whole.bit_length() - 1)
        case "multiple-of-base":
            return whole - whole % base
