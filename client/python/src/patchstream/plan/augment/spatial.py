"""Turns and zooms (batchgeneratorsv2, `SpatialTransform.get_parameters`)."""

import math

import numpy as np

from patchstream.plan.arrays import Doubles
from patchstream.plan.augment.augmentation import SpatialAugmentation
from patchstream.plan.augment.dummy_2d import is_dummy_2d
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import SpatialTransform
from patchstream.plan.random import Purpose, draw_between, draw_event


def draw_spatial(entry: SpatialAugmentation, subjects: Subjects) -> list[SpatialTransform | None]:
    """Of each sample a turn and a zoom, drawn independently. None where neither happens."""
    place = subjects.place(axes=0)
    is_turned = draw_event(place, Purpose.ROTATION, 0, entry.rotation_probability)
    is_scaled = draw_event(place, Purpose.SCALING, 0, entry.scaling_probability)
    in_plane = is_dummy_2d(subjects.crop_size)
    angles = np.where(is_turned[:, None], _angles(entry, subjects, in_plane), 0.0).tolist()
    scales = np.where(is_scaled, draw_between(place, Purpose.SCALING, 1, entry.scaling), 1.0).tolist()
    return [
        SpatialTransform((angle[0], angle[1], angle[2]), scale, in_plane) if happens else None
        for angle, scale, happens in zip(angles, scales, (is_turned | is_scaled).tolist(), strict=True)
    ]


def _angles(entry: SpatialAugmentation, subjects: Subjects, in_plane: bool) -> Doubles:
    """Radians (samples, 3)."""
    degrees = entry.in_plane_degrees if in_plane else entry.rotation_degrees
    angles = draw_between(subjects.place(axes=1), Purpose.ROTATION, 1 + np.arange(3), degrees) * math.pi / 180
    if in_plane:
        angles[:, 1:] = 0
    return angles
