"""The tensors of a batch."""

import math
from collections.abc import Mapping

from patchstream.plan.batch.share import share_size
from patchstream.plan.batch.timeline import stage_of
from patchstream.plan.curriculum.levels import deep_label_sizes
from patchstream.plan.run_spec.resolved_spec import ImageType, LabelType, ResolvedSpec
from patchstream.timeline import Timeline
from patchstream.wire.stream import TensorShape

_VALUE_BYTES: Mapping[ImageType | LabelType, int] = {"f32": 4, "f16": 2, "bf16": 2, "i16": 2, "u8": 1}


def share_tensors(
    spec: ResolvedSpec, channels: int, stage: int, *, timeline: Timeline = "train", rank: int = 0, ranks: int = 1
) -> tuple[TensorShape, ...]:
    """The tensors of one rank's share of a batch at `stage`; `channels` is the data set's.

    Image (B,C,Z,Y,X) or, channels-last, (B,Z,Y,X,C); then label (B,Z,Y,X); then, with deep supervision, the label of
    each further decoder level, finest first.
    """
    planned = stage_of(spec, timeline, stage)
    samples, patch_size, wire = share_size(planned.batch_size, rank, ranks), planned.patch_size, spec.wire
    is_first = wire.layout == "channels-first"
    image_shape = (samples, channels, *patch_size) if is_first else (samples, *patch_size, channels)
    deep = deep_label_sizes(spec.plan, patch_size) if spec.deep_supervision else ()
    return (
        _tensor("image", wire.image, image_shape),
        _tensor("label", wire.label, (samples, *patch_size)),
        *(_tensor(f"label_{level}", wire.label, (samples, *size)) for level, size in enumerate(deep, 1)),
    )


def _tensor(name: str, value_type: ImageType | LabelType, shape: tuple[int, ...]) -> TensorShape:
    return TensorShape(name, value_type, shape, math.prod(shape) * _VALUE_BYTES[value_type])
