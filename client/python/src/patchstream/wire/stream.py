"""A stream of batches from one server, whatever carries it: what is said to it, and what it tells.

`wire.open_stream.open_stream` opens one. Of a run it knows what `Start` says, and what a batch must look like.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from patchstream.errors import PatchstreamError
from patchstream.timeline import Timeline
from patchstream.v1 import data_pb2

Carrier: TypeAlias = Literal["grpc", "lane"]
CarrierChoice: TypeAlias = Literal["auto", "lane", "grpc"]
"""`auto`: a lane where one can be opened, else gRPC."""
TensorType: TypeAlias = Literal["f32", "f16", "bf16", "i16", "u8"]


@dataclass(frozen=True, slots=True)
class StreamStart:
    """What a stream is about.

    `spec` are the bytes of the resolved spec as DescribeRun gave them, `digest` is their SHA-256 (hex).
    """

    spec: bytes
    digest: str
    timeline: Timeline
    rank: int
    ranks: int


@dataclass(frozen=True, slots=True)
class TensorShape:
    """One array of a batch: `image`, `label`, `label_1`, ..."""

    name: str
    type: TensorType
    shape: tuple[int, ...]
    byte_length: int


@dataclass(frozen=True, slots=True)
class ExpectedBatch:
    """What a batch of a stage must look like, by the run that both sides know: one rank's share of it."""

    stage: int
    global_batch: int
    """Samples over all ranks."""
    samples: int
    """Samples of this rank."""
    tensors: tuple[TensorShape, ...]
    byte_length: int


@dataclass(frozen=True, slots=True)
class ReceivedTensor:
    """One array of a received batch.

    `values` is a view on the batch's memory, little-endian; bf16 are their 16 bits, as uint16.
    """

    name: str
    type: TensorType
    values: NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedBatch:
    """A whole batch, verified. Its memory is reused when nobody holds it, or a view of it, any more."""

    step: int
    stage: int
    global_batch: int
    tensors: tuple[ReceivedTensor, ...]
    samples: data_pb2.Samples
    checksum: int
    """CRC-32 over `memory`."""
    carrier: Carrier
    carried_ms: float
    """From the arrival of its header to that of its last byte."""
    memory: NDArray[np.uint8]
    """The tensors' bytes, end to end."""
    served_us: int | None = None
    """Of the server's time, where it says it."""
    is_shared: bool = False
    """It was cut for another client, too."""
    traceparent: str | None = None
    """Of the span of its want, where it is traced."""


@dataclass(frozen=True, slots=True)
class Started:
    """The server has answered Start: what was sent before is being served, and this carries it."""

    carrier: Carrier
    reads_pace: bool = False
    """The server takes `tell_pace`."""


@dataclass(frozen=True, slots=True)
class BatchArrived:
    """A batch has come whole."""

    batch: ReceivedBatch


@dataclass(frozen=True, slots=True)
class BatchDamaged:
    """A batch has come whose bytes are not those of its checksum. The stream goes on."""

    step: int
    stage: int


@dataclass(frozen=True, slots=True)
class BatchSkipped:
    """A batch that was not to be kept has come to its end."""

    step: int
    stage: int


@dataclass(frozen=True, slots=True)
class StageApplied:
    """A report holds at the server; answers come in the order of what they answer.

    `schedule_from`: the first step at which the schedule goes on; None: it never does.
    """

    stage: int
    from_step: int
    schedule_from: int | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Wants are gone at the server."""

    first_step: int
    count: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know, such as `draining`."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Over:
    """The stream has ended; nothing is told after it. `error` None: in order, as after `stop`."""

    error: PatchstreamError | None


Event: TypeAlias = Started | BatchArrived | BatchDamaged | BatchSkipped | StageApplied | Cancelled | Notice | Over


class StreamEvents(Protocol):
    """Who a stream asks and tells, on its own thread and in order.

    A PatchstreamError that is raised here ends the stream with it, as `Over`.
    """

    def begins(self, step: int, stage: int) -> tuple[ExpectedBatch, bool]:
        """A batch begins: what it must look like, and whether it is kept.

        Raises `broken_protocol` for one that was not wanted.
        """
        ...

    def tell(self, event: Event) -> None:
        """Something has come. What takes long here holds the stream up."""
        ...


class Stream(Protocol):
    """One open stream. No method waits; all may be called from any thread, also from within `StreamEvents`."""

    @property
    def last_heard(self) -> float:
        """When the last bytes came, by `time.monotonic()`; before the first, when the stream was opened.

        Now, while a lane is being opened, which has a deadline of its own.
        """
        ...

    def want(self, first_step: int, count: int, stage: int | None = None, traceparent: str | None = None) -> None:
        """Asks for batches, whose spans become children of what `traceparent` names. May be called before `Started`."""
        ...

    def report(
        self,
        stage: int,
        from_step: int,
        *,
        reason: str = "",
        metrics: dict[str, float] | None = None,
        hold: bool = False,
    ) -> None:
        """Reports a stage decision; `StageApplied` answers."""
        ...

    def take_back(self, first_step: int, count: int) -> None:
        """Takes wants back; `Cancelled` answers."""
        ...

    def tell_pace(self, step_us: int, waited_us: int, served_us: int) -> None:
        """Says how fast the trainer goes, to a server that reads it."""
        ...

    def stop(self) -> None:
        """Ends the stream in order: what has begun still comes, then `Over(None)`."""
        ...

    def cancel(self) -> None:
        """Ends the stream at once. Nothing is told any more, but what is being told just now."""
        ...


_VERSIONS = "Use the same version of patchstream at both ends."


def broken_protocol(reason: str, where: str = "the server's stream") -> PatchstreamError:
    """A peer broke the protocol, as one of another version may; what it sends from now on means nothing."""
    return PatchstreamError({"code": "INTERNAL", "where": where, "reason": reason}, _VERSIONS)


def damaged(what: str) -> PatchstreamError:
    """MESSAGE_DAMAGED: what came is not what was sent."""
    return PatchstreamError({"code": "MESSAGE_DAMAGED", "what": what})
