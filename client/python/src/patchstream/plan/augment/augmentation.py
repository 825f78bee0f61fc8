"""The transforms that a spec may list, one entry a transform.

`probability` is the chance that a sample gets it, `channel_probability` the chance of each channel of such a sample.
"""

from dataclasses import dataclass
from typing import Literal

Range = tuple[float, float]
"""Smallest and largest value; draws are uniform between them."""


@dataclass(frozen=True, slots=True)
class SpatialAugmentation:
    """Turns and zooms, which are drawn independently and applied together."""

    rotation_probability: float
    rotation_degrees: Range
    """Range of the angle about each axis."""
    in_plane_degrees: Range
    """Range of the single angle of patches that are much wider than deep (see `is_dummy_2d`)."""
    scaling_probability: float
    scaling: Range
    """Range of the zoom, one for all axes; above 1 objects look smaller."""


@dataclass(frozen=True, slots=True)
class NoiseAugmentation:
    """`range` is that of the standard deviation."""

    probability: float
    range: Range


@dataclass(frozen=True, slots=True)
class ChannelwiseAugmentation:
    """`range` is that of a blur's sigma in voxels, one an axis; or of a low resolution's zoom, one for all axes."""

    kind: Literal["blur", "low-resolution"]
    probability: float
    channel_probability: float
    range: Range


@dataclass(frozen=True, slots=True)
class FactorAugmentation:
    """`range` is that of each channel's factor; half of the factors are drawn below 1, half above."""

    kind: Literal["brightness", "contrast"]
    probability: float
    range: Range


@dataclass(frozen=True, slots=True)
class GammaAugmentation:
    """`range` is that of each channel's exponent; half of the exponents are drawn below 1, half above."""

    inverted: bool
    probability: float
    range: Range


@dataclass(frozen=True, slots=True)
class MirrorAugmentation:
    """Each listed axis is flipped with probability 0.5."""

    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MaskAugmentation:
    """Each sample's `channels` become 0 where its label is below 0."""

    channels: tuple[int, ...]


Augmentation = (
    SpatialAugmentation
    | NoiseAugmentation
    | ChannelwiseAugmentation
    | FactorAugmentation
    | GammaAugmentation
    | MirrorAugmentation
    | MaskAugmentation
)
