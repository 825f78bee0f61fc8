"""What a stream tells a test, and what of a run the test knows."""

import hashlib
import json
from collections.abc import Sequence
from queue import SimpleQueue
from typing import TypeVar

from patchstream.v1 import data_pb2
from patchstream.wire.batch_memory import BatchMemory
from patchstream.wire.call_scope import CallScope
from patchstream.wire.calls import call_unary
from patchstream.wire.channel import Channel
from patchstream.wire.open_stream import open_stream
from patchstream.wire.stream import (
    BatchArrived,
    CarrierChoice,
    Event,
    ExpectedBatch,
    Over,
    ReceivedBatch,
    Stream,
    StreamStart,
    TensorShape,
)

WAIT_S = 60.0
Told = TypeVar("Told", bound=Event)


class DescribedRun:
    """A run as a server describes it, for its only rank."""

    def __init__(self, channel: Channel, spec: object) -> None:
        content = json.dumps(spec).encode()
        request = data_pb2.DescribeRunRequest(spec=content, spec_sha256=hashlib.sha256(content).digest())
        self.info = call_unary(channel, "DescribeRun", request, data_pb2.DescribeRunResponse, CallScope(WAIT_S))
        self.start = StreamStart(self.info.spec, self.info.digest, "train", 0, 1)

    def expected(self, stage: int) -> ExpectedBatch:
        described = self.info.train.stages[stage]
        share = described.shares[0]
        tensors = tuple(TensorShape(t.name, t.type, tuple(t.shape), t.byte_length) for t in share.tensors)  # pyright: ignore[reportArgumentType]
        return ExpectedBatch(stage, described.batch_size, share.samples, tensors, share.byte_length)


class Listener:
    """Keeps what a stream tells."""

    def __init__(self, run: DescribedRun, *, skipped: Sequence[int] = (), stages: dict[int, int] | None = None) -> None:
        """`skipped`: steps that are not kept. `stages`: a stage that is expected in place of the one that comes."""
        self._run = run
        self._skipped = skipped
        self._stages = stages or {}
        self.events: SimpleQueue[Event] = SimpleQueue()

    def begins(self, step: int, stage: int) -> tuple[ExpectedBatch, bool]:
        return self._run.expected(self._stages.get(stage, stage)), step not in self._skipped

    def tell(self, event: Event) -> None:
        self.events.put(event)

    def next(self) -> Event:
        """The next event."""
        return self.events.get(timeout=WAIT_S)

    def until(self, kind: type[Told]) -> Told:
        """The next event of a kind."""
        while True:
            event = self.next()
            if isinstance(event, kind):
                return event

    def batches_to_end(self) -> tuple[list[ReceivedBatch], Over]:
        """All batches that come until the stream is over."""
        found: list[ReceivedBatch] = []
        while True:
            event = self.next()
            if isinstance(event, BatchArrived):
                found.append(event.batch)
            if isinstance(event, Over):
                return found, event


def opened(
    channel: Channel, run: DescribedRun, listener: Listener, carrier: CarrierChoice, memory: BatchMemory | None = None
) -> Stream:
    """A stream that tells `listener`."""
    return open_stream(channel, run.start, listener, carrier=carrier, memory=memory or BatchMemory())
