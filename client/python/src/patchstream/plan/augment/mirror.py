"""Flips (batchgeneratorsv2, `MirrorTransform`)."""

import numpy as np

from patchstream.plan.augment.augmentation import MirrorAugmentation
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import MirrorTransform
from patchstream.plan.random import Purpose, draw_event


def draw_mirror(entry: MirrorAugmentation, subjects: Subjects) -> list[MirrorTransform | None]:
    """Of each sample the listed axes that are flipped; each is drawn independently."""
    flips = draw_event(subjects.place(axes=1), Purpose.MIRROR, np.array(entry.axes), 0.5).tolist()
    flipped = [tuple(axis for axis, does in zip(entry.axes, row, strict=True) if does) for row in flips]
    return [MirrorTransform(axes) if axes else None for axes in flipped]
