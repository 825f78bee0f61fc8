"""Augmentations with their parameters drawn. A sample's transforms stand in the order in which they are applied.

Tuples have an entry for each image channel; None leaves that channel as it is.
"""

from dataclasses import dataclass
from typing import Literal

PerAxis = tuple[float, float, float]
"""One number an axis (Z,Y,X)."""


@dataclass(frozen=True, slots=True)
class SpatialTransform:
    """A turn and a zoom about the patch's centre: the voxel at v (Z,Y,X from the centre) is read at R2 R1 R0 S v.

    R0 turns about axis 0 by `angles_rad[0]`, from axis 1 towards axis 2; R1 about axis 1, from 2 towards 0; R2 from 0
    towards 1. S multiplies by `scale` (above 1: objects look smaller). In plane there is R0 alone, and S leaves axis 0.
    """

    angles_rad: PerAxis
    scale: float
    in_plane: bool
    kind: Literal["spatial"] = "spatial"


@dataclass(frozen=True, slots=True)
class NoiseTransform:
    """Normal noise of standard deviation `sigma` on every channel.

    Its random numbers are Philox blocks too: `counter` holds the first three words, the fourth counts blocks over the
    patch (C,Z,Y,X), and the key is the run's seed.
    """

    sigma: float
    counter: tuple[int, int, int]
    kind: Literal["noise"] = "noise"


@dataclass(frozen=True, slots=True)
class BlurTransform:
    """A Gaussian blur; `sigmas` in voxels (Z,Y,X)."""

    sigmas: tuple[PerAxis | None, ...]
    kind: Literal["blur"] = "blur"


@dataclass(frozen=True, slots=True)
class FactorTransform:
    """`brightness`: values times a factor. `contrast`: distances from the mean, held within the values it had."""

    factors: tuple[float, ...]
    kind: Literal["brightness", "contrast"]


@dataclass(frozen=True, slots=True)
class LowResolutionTransform:
    """Down to `zooms` of the size on each axis (Z,Y,X) and up again."""

    zooms: tuple[PerAxis | None, ...]
    kind: Literal["low-resolution"] = "low-resolution"


@dataclass(frozen=True, slots=True)
class GammaTransform:
    """The values, scaled to 0..1, raised to a power; `inverted`: the negated ones. Mean and deviation stay."""

    inverted: bool
    gammas: tuple[float, ...]
    kind: Literal["gamma"] = "gamma"


@dataclass(frozen=True, slots=True)
class MirrorTransform:
    """The patch is flipped along `axes` (0 is Z)."""

    axes: tuple[int, ...]
    kind: Literal["mirror"] = "mirror"


@dataclass(frozen=True, slots=True)
class MaskTransform:
    """`channels` are 0 where the patch's label is below 0."""

    channels: tuple[int, ...]
    kind: Literal["mask"] = "mask"


Transform = (
    SpatialTransform
    | NoiseTransform
    | BlurTransform
    | FactorTransform
    | LowResolutionTransform
    | GammaTransform
    | MirrorTransform
    | MaskTransform
)
