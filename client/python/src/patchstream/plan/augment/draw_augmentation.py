"""Which transforms each sample gets, and with which numbers."""

from collections.abc import Sequence

from patchstream.plan.augment.augmentation import (
    Augmentation,
    ChannelwiseAugmentation,
    FactorAugmentation,
    GammaAugmentation,
    MaskAugmentation,
    MirrorAugmentation,
    NoiseAugmentation,
    SpatialAugmentation,
)
from patchstream.plan.augment.channelwise import draw_blur, draw_low_resolution
from patchstream.plan.augment.factors import draw_factors, draw_gamma
from patchstream.plan.augment.mirror import draw_mirror
from patchstream.plan.augment.noise import draw_noise
from patchstream.plan.augment.spatial import draw_spatial
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import MaskTransform, Transform


def draw_augmentation(augmentation: Sequence[Augmentation], subjects: Subjects) -> list[tuple[Transform, ...]]:
    """The transforms of each sample, in the list's order.

    Every number is drawn at a place of its own: adding or removing an entry does not change the numbers of the others.
    """
    columns = [_draw_transforms(entry, subjects) for entry in augmentation]
    samples = range(len(subjects.samples))
    return [tuple(one for column in columns if (one := column[sample]) is not None) for sample in samples]


def _draw_transforms(entry: Augmentation, subjects: Subjects) -> Sequence[Transform | None]:
    """One transform of each sample, or None where it has none."""
    match entry:
        case SpatialAugmentation():
            return draw_spatial(entry, subjects)
        case NoiseAugmentation():
            return draw_noise(entry, subjects)
        case ChannelwiseAugmentation(kind="blur"):
            return draw_blur(entry, subjects)
        case ChannelwiseAugmentation():
            return draw_low_resolution(entry, subjects)
        case FactorAugmentation():
            return draw_factors(entry, subjects)
        case GammaAugmentation():
            return draw_gamma(entry, subjects)
        case MirrorAugmentation():
            return draw_mirror(entry, subjects)
        case MaskAugmentation():
            return [MaskTransform(entry.channels)] * len(subjects.samples)
