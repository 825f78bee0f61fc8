"""Brightness, contrast and gamma: a factor or exponent for each channel."""

import numpy as np

from patchstream.plan.arrays import Doubles
from patchstream.plan.augment.augmentation import FactorAugmentation, GammaAugmentation, Range
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import FactorTransform, GammaTransform
from patchstream.plan.random import Purpose, draw_between, draw_event, draw_uniform


def draw_factors(entry: FactorAugmentation, subjects: Subjects) -> list[FactorTransform | None]:
    """A factor for each channel (batchgeneratorsv2, `MultiplicativeBrightnessTransform` and `ContrastTransform`)."""
    purpose = Purpose.BRIGHTNESS if entry.kind == "brightness" else Purpose.CONTRAST
    drawn = _draw_numbers(entry.probability, entry.range, subjects, purpose)
    return [None if numbers is None else FactorTransform(numbers, entry.kind) for numbers in drawn]


def draw_gamma(entry: GammaAugmentation, subjects: Subjects) -> list[GammaTransform | None]:
    """An exponent for each channel (batchgeneratorsv2, `GammaTransform`)."""
    purpose = Purpose.GAMMA_INVERTED if entry.inverted else Purpose.GAMMA
    drawn = _draw_numbers(entry.probability, entry.range, subjects, purpose)
    return [None if numbers is None else GammaTransform(entry.inverted, numbers) for numbers in drawn]


def _draw_numbers(
    probability: float, limits: Range, subjects: Subjects, purpose: Purpose
) -> list[tuple[float, ...] | None]:
    """Of each sample a number for each channel, or None where it has none."""
    happens = draw_event(subjects.place(axes=0), purpose, 0, probability).tolist()
    numbers = _draw_around_one(limits, subjects, purpose).tolist()
    return [tuple(channels) if does else None for channels, does in zip(numbers, happens, strict=True)]


def _draw_around_one(limits: Range, subjects: Subjects, purpose: Purpose) -> Doubles:
    """Numbers (samples, channels) within `limits`.

    Where they hold 1 inside, half of the numbers are uniform below 1 and half above (batchgeneratorsv2, `BGContrast`).
    """
    place, firsts = subjects.place(axes=1), subjects.channel_indices(width=2)
    low, high = limits
    if low >= 1 or high <= 1:
        return draw_between(place, purpose, firsts + 1, limits)
    is_below = draw_event(place, purpose, firsts, 0.5)
    lowers, uppers = np.where(is_below, low, 1.0), np.where(is_below, 1.0, high)
    return lowers + draw_uniform(place, purpose, firsts + 1) * (uppers - lowers)
