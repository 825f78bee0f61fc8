"""Blur and low resolution, which each channel has or has not."""

import numpy as np

from patchstream.plan.arrays import Integers
from patchstream.plan.augment.augmentation import ChannelwiseAugmentation
from patchstream.plan.augment.dummy_2d import is_dummy_2d
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import BlurTransform, LowResolutionTransform, PerAxis
from patchstream.plan.random import Purpose, draw_between, draw_event

_Values = tuple[PerAxis | None, ...]


def draw_blur(entry: ChannelwiseAugmentation, subjects: Subjects) -> list[BlurTransform | None]:
    """Each channel by itself, with a sigma of its own on each axis (batchgeneratorsv2, `GaussianBlurTransform`)."""
    firsts = subjects.channel_indices(width=4)
    drawn = _draw_values(entry, subjects, Purpose.BLUR, firsts, firsts[:, None] + 1 + np.arange(3))
    return [None if values is None else BlurTransform(values) for values in drawn]


def draw_low_resolution(entry: ChannelwiseAugmentation, subjects: Subjects) -> list[LowResolutionTransform | None]:
    """Each channel by itself, with one zoom for all axes (batchgeneratorsv2, `SimulateLowResolutionTransform`).

    Axis 0 stays as it is where patches are augmented slice by slice.
    """
    firsts = subjects.channel_indices(width=2)
    drawn = _draw_values(entry, subjects, Purpose.LOW_RESOLUTION, firsts, np.tile(firsts[:, None] + 1, 3))
    in_plane = is_dummy_2d(subjects.crop_size)

    def zooms(values: _Values) -> _Values:
        return tuple(zyx and (1, *zyx[1:]) for zyx in values) if in_plane else values

    return [None if values is None else LowResolutionTransform(zooms(values)) for values in drawn]


def _draw_values(
    entry: ChannelwiseAugmentation, subjects: Subjects, purpose: Purpose, events: Integers, values: Integers
) -> list[_Values | None]:
    """Of each sample and channel three numbers, or None; None for a sample of which no channel has any.

    `events` (channels) and `values` (channels, 3) are the indices of the draws.
    """
    is_drawn = draw_event(subjects.place(axes=0), purpose, 0, entry.probability)
    has = draw_event(subjects.place(axes=1), purpose, events, entry.channel_probability) & is_drawn[:, None]
    numbers = draw_between(subjects.place(axes=2), purpose, values, entry.range).tolist()

    def of_sample(index: int) -> _Values:
        return tuple((z, y, x) if one else None for (z, y, x), one in zip(numbers[index], has[index], strict=True))

    return [of_sample(index) if drawn else None for index, drawn in enumerate(np.count_nonzero(has, axis=1))]
