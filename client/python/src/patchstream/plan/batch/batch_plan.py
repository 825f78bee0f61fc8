"""Which crops make up a batch."""

from dataclasses import dataclass
from typing import Literal

from patchstream.plan.augment.transform import Transform
from patchstream.plan.label_set import ANNOTATED
from patchstream.timeline import Timeline
from patchstream.zyx import Zyx


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """One sample of a batch: a patch around a stored voxel, or a random one."""

    sample: int
    """Index in the global batch, whatever the number of ranks."""
    case: str
    """Case id."""
    kind: Literal["foreground", "annotated", "random"]
    """`annotated`: a random patch of a data set with an ignore label, around a voxel that has a label."""
    label_class: int
    """The class around a voxel of which its box lies (see `CaseTable.classes`); 0 unless it is `foreground`."""
    location: int | None
    """The number of that voxel among the case's stored locations of `label_class`; None where it is `random`."""
    start: Zyx | None
    """The first voxel of its box (Z,Y,X, store voxels; negative outside of the volume); None unless it is `random`.

    Of the others `located_start` gives it, which takes the voxel.
    """
    transforms: tuple[Transform, ...]
    """What is done to the box when it is cut, in this order."""

    @property
    def location_class(self) -> int:
        """The class of the list of locations that `location` counts in: what `read_locations` is asked for."""
        return self.label_class if self.kind == "foreground" else ANNOTATED


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Which crops make up a batch, or one rank's share of it."""

    timeline: Timeline
    step: int
    stage: int
    patch_size: Zyx
    """Size of the tensors (Z,Y,X)."""
    crop_size: Zyx
    """Size of the box read from the volume (Z,Y,X); differs from `patch_size` under Progressive Resolution only."""
    global_batch: int
    """Samples in the batch over all ranks."""
    samples: tuple[PlannedSample, ...]
