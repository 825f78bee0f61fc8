"""The calls that read one batch, volume, list of locations or picture, at one server."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import PatchstreamError
from ..run_info import RunInfo
from ..timeline import Timeline
from ..v1 import data_pb2
from ..wire.batch_memory import BatchMemory
from ..wire.batch_receiver import BatchReceiver, ByteReceiver, check_begin, tensors_in
from ..wire.call_scope import CallScope
from ..wire.calls import call_stream, call_unary, decode
from ..wire.channel import Channel
from ..wire.checksums import sha256
from ..wire.chunk_head import ChunkHead, read_chunk_head
from ..wire.stream import ReceivedBatch, StreamStart, TensorShape, broken_protocol, damaged
from ..zyx import Zyx
from .describe import describe_run
from .schedule_of_run import schedule_of_run
from .share_of_run import expected_batch

VolumeKind: TypeAlias = Literal["image", "label", "reference"]
TIMELINES = {"train": data_pb2.TIMELINE_TRAIN, "val": data_pb2.TIMELINE_VAL}
_VOLUMES = {
    "image": data_pb2.VOLUME_IMAGE,
    "label": data_pb2.VOLUME_LABEL,
    "reference": data_pb2.VOLUME_REFERENCE,
}


class Region(NamedTuple):
    """A box of store voxels (Z,Y,X): `start` inside, `end` outside."""

    start: Zyx
    end: Zyx


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """Which batch of a run. `stage` None: the scheduled one."""

    spec: bytes
    timeline: Timeline
    step: int
    stage: int | None
    rank: int
    ranks: int


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of a batch as a picture."""

    png: bytes
    pages: int
    """How many pages the batch has."""
    first_sample: int
    """First sample of this page, from 0."""
    samples: int
    """Samples on this page."""

    def _repr_png_(self) -> bytes:
        """How notebooks show it."""
        return self.png


def get_batch(
    channel: Channel, scope: CallScope, *, request: BatchRequest, memory: BatchMemory
) -> tuple[ReceivedBatch, RunInfo]:
    """One batch by its address. Raises BATCH_DAMAGED when its checksum does not match."""
    info = describe_run(channel, scope, spec=request.spec, ranks=request.ranks)
    message = data_pb2.GetBatchRequest(
        spec=request.spec,
        spec_sha256=sha256(request.spec),
        timeline=TIMELINES[request.timeline],
        step=request.step,
        stage=request.stage,
        rank=request.rank,
        ranks=request.ranks,
    )
    receiver: BatchReceiver | None = None
    for frame in call_stream(channel, "GetBatch", message, scope):
        head = read_chunk_head(frame, len(frame))
        if receiver is not None and head is not None:
            receiver.add(head, memoryview(frame)[head.head_bytes :])
            continue
        response = decode(data_pb2.GetBatchResponse, frame, "a frame of a batch")
        match response.WhichOneof("kind"):
            case "batch_begin" if receiver is None:
                receiver = _begin(response.batch_begin, request, info, memory)
            case "chunk" if receiver is not None:
                chunk = response.chunk
                receiver.add(ChunkHead(chunk.step, chunk.offset, 0, len(chunk.data)), chunk.data)
            case "batch_end" if receiver is not None:
                batch = receiver.end(response.batch_end)
                if batch is None:
                    raise PatchstreamError({"code": "BATCH_DAMAGED", "step": request.step, "attempts": 1})
                return batch, info
            case _:
                raise broken_protocol("a batch did not begin")
    raise broken_protocol("a batch did not end")


def read_case(
    channel: Channel, scope: CallScope, *, case: str, volume: VolumeKind, region: tuple[Zyx, Zyx] | None
) -> NDArray[np.generic]:
    """A volume or a part of it: float32 (C,Z,Y,X) for images, int16 (Z,Y,X) for labels and references."""
    box = None if region is None else data_pb2.Region(start=region[0], end=region[1])
    message = data_pb2.ReadCaseRequest(case=case, volume=_VOLUMES[volume], region=box)
    receiver: ByteReceiver | None = None
    expected = TensorShape(volume, "f32", (), 0)
    for frame in call_stream(channel, "ReadCase", message, scope):
        head = read_chunk_head(frame, len(frame))
        if receiver is not None and head is not None:
            receiver.add(head.offset, memoryview(frame)[head.head_bytes :])
            continue
        response = decode(data_pb2.ReadCaseResponse, frame, "a frame of a volume")
        match response.WhichOneof("kind"):
            case "volume_begin" if receiver is None:
                expected = _volume_tensor(response.volume_begin.tensor, case, volume)
                receiver = ByteReceiver(np.empty(expected.byte_length, np.uint8))
            case "chunk" if receiver is not None:
                receiver.add(response.chunk.offset, response.chunk.data)
            case "volume_end" if receiver is not None:
                if not receiver.matches(response.volume_end.checksum):
                    raise damaged(f"the {volume} of case {case}")
                (tensor,) = tensors_in(receiver.memory, (expected,))
                return tensor.values
            case _:
                raise broken_protocol("a volume did not begin")
    raise broken_protocol("a volume did not end")


def read_locations(
    channel: Channel, scope: CallScope, *, case: str, class_value: int, k: Sequence[int]
) -> NDArray[np.uint32]:
    """(n,3) Z,Y,X store voxels."""
    message = data_pb2.ReadLocationsRequest(case=case, k=k, **{"class": class_value})
    answer = call_unary(channel, "ReadLocations", message, data_pb2.ReadLocationsResponse, scope)
    return np.reshape(np.array(answer.zyx, np.uint32), (-1, 3))


def preview(
    channel: Channel, scope: CallScope, *, request: BatchRequest, page: int | None, image_channel: int | None
) -> Preview:
    """One page of a batch as a picture."""
    message = data_pb2.PreviewRequest(
        spec=request.spec,
        timeline=TIMELINES[request.timeline],
        step=request.step,
        stage=request.stage,
        page=page,
        channel=image_channel,
    )
    answer = call_unary(channel, "Preview", message, data_pb2.PreviewResponse, scope)
    return Preview(answer.png, answer.pages, answer.first_sample, answer.samples)


def _volume_tensor(tensor: data_pb2.Tensor, case: str, volume: VolumeKind) -> TensorShape:
    """Raises INTERNAL for something else than the volume asked for, before any memory is taken for it."""
    value_type, value_bytes = ("f32", 4) if volume == "image" else ("i16", 2)
    shape = tuple(tensor.shape)
    if tensor.type != value_type or tensor.byte_length != prod(shape) * value_bytes:
        raise broken_protocol(f"case {case} came as something else than its {volume}")
    return TensorShape(volume, value_type, shape, tensor.byte_length)


def _begin(begin: data_pb2.BatchBegin, request: BatchRequest, info: RunInfo, memory: BatchMemory) -> BatchReceiver:
    """Raises MESSAGE_DAMAGED, PATCH_MISMATCH or INTERNAL for another batch than the one asked for."""
    stage = request.stage
    if stage is None:
        stage = schedule_of_run(info, request.timeline).stage_of(request.step)
    if (begin.step, begin.stage) != (request.step, stage):
        came, wanted = f"step {begin.step} of stage {begin.stage}", f"step {request.step} of {stage}"
        raise broken_protocol(f"{came} came instead of {wanted}")
    expected = expected_batch(info, request.timeline, request.rank, stage)
    start = StreamStart(info.spec_bytes, info.digest, request.timeline, request.rank, request.ranks)
    check_begin(begin, expected, start)
    return BatchReceiver(begin, expected, memory.take(expected.byte_length), "grpc")
