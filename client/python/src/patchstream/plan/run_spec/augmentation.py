"""Reads the transforms that a resolved spec lists."""

from typing import Literal, get_args

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
from patchstream.plan.run_spec.members import Members, read_object
from patchstream.plan.run_spec.read import read_integer, read_range, read_real, read_truth, word

_Kind = Literal["spatial", "noise", "blur", "brightness", "contrast", "low-resolution", "gamma", "mirror", "mask"]
_KINDS: tuple[_Kind, ...] = get_args(_Kind)


def read_augmentation(value: object, field: str) -> Augmentation:
    """One transform with every parameter, as a resolved spec has it."""
    entry = read_object(value, field)
    kind: _Kind = entry.read("kind", word(_KINDS))
    match kind:
        case "spatial":
            return _read_spatial(entry)
        case "noise":
            return NoiseAugmentation(entry.read("probability", read_real), entry.read("range", read_range))
        case "blur" | "low-resolution":
            probability = entry.read("probability", read_real)
            per_channel = entry.read("channelProbability", read_real)
            return ChannelwiseAugmentation(kind, probability, per_channel, entry.read("range", read_range))
        case "brightness" | "contrast":
            return FactorAugmentation(kind, entry.read("probability", read_real), entry.read("range", read_range))
        case "gamma":
            inverted = entry.read("inverted", read_truth)
            return GammaAugmentation(inverted, entry.read("probability", read_real), entry.read("range", read_range))
        case "mirror":
            return MirrorAugmentation(entry.read_list("axes", read_integer))
        case "mask":
            return MaskAugmentation(entry.read_list("channels", read_integer))


def _read_spatial(entry: Members) -> SpatialAugmentation:
    return SpatialAugmentation(
        rotation_probability=entry.read("rotationProbability", read_real),
        rotation_degrees=entry.read("rotationDegrees", read_range),
        in_plane_degrees=entry.read("inPlaneDegrees", read_range),
        scaling_probability=entry.read("scalingProbability", read_real),
        scaling=entry.read("scaling", read_range),
    )
