"""The tensors of a batch."""

import math
from dataclasses import dataclass

from patchstream.plan.batch.share import share_size
from patchstream.plan.batch.timeline import stage_of
from patchstream.plan.curriculum.levels import deep_label_sizes
from patchstream.plan.random import Timeline
from patchstream.plan.run_spec.resolved_spec import ImageType, LabelType, ResolvedSpec

_VALUE_BYTES = {"f32": 4, "f16": 2, "bf16": 2, "i16": 2, "u8": 1}


@dataclass(frozen=True, slots=True)
class PlannedTensor:
    """A tensor of a batch."""

    name: str
    """`image`, `label`, or `label_` and the number of a further decoder level, from 1."""
    type: ImageType | LabelType
    shape: tuple[int, ...]

    @property
    def byte_length(self) -> int:
        """Bytes on the wire."""
        return math.prod(self.shape) * _VALUE_BYTES[self.type]


def share_tensors(
    spec: ResolvedSpec, channels: int, stage: int, *, timeline: Timeline = "train", rank: int = 0, ranks: int = 1
) -> tuple[PlannedTensor, ...]:
    """The tensors of one rank's share of a batch at `stage`; `channels` is the data set's.

    Image (B,C,Z,Y,X) or, channels-last, (B,Z,Y,X,C); then label (B,Z,Y,X); then, with deep supervision, the label of
    each further decoder level, finest first.
    """
    planned = stage_of(spec, timeline, stage)
    samples, patch_size, wire = share_size(planned.batch_size, rank, ranks), planned.patch_size, spec.wire
    first = wire.layout == "channels-first"
    image_shape = (samples, channels, *patch_size) if first else (samples, *patch_size, channels)
    deep = deep_label_sizes(spec.plan, patch_size) if spec.deep_supervision else ()
    return (
        PlannedTensor("image", wire.image, image_shape),
        PlannedTensor("label", wire.label, (samples, *patch_size)),
        *(PlannedTensor(f"label_{level}", wire.label, (samples, *size)) for level, size in enumerate(deep, 1)),
    )
