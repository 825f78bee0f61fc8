"""What comes on a stream, as events: whole, verified batches, and answers."""

import numpy as np
from numpy.typing import NDArray

from ..v1 import data_pb2
from .batch_memory import BatchMemory
from .batch_receiver import BatchReceiver, check_begin
from .calls import decode
from .chunk_head import ChunkHead, read_chunk_head
from .stream import (
    BatchArrived,
    BatchDamaged,
    BatchSkipped,
    Cancelled,
    Carrier,
    Notice,
    StageApplied,
    Started,
    StreamEvents,
    StreamStart,
    broken_protocol,
    damaged,
)

TIMELINES = {"train": data_pb2.TIMELINE_TRAIN, "val": data_pb2.TIMELINE_VAL}


class StreamReceiver:
    """Of one stream, on its thread. All methods raise a PatchstreamError for what breaks the protocol."""

    def __init__(self, start: StreamStart, events: StreamEvents, memory: BatchMemory, carrier: Carrier) -> None:
        """Nothing has come."""
        self._start = start
        self._events = events
        self._memory = memory
        self._carrier: Carrier = carrier
        self.has_received = False
        """Something of a batch has come."""
        self._is_started = False
        self._receiving: BatchReceiver | _Skipped | None = None

    def message(self, message: bytes) -> None:
        """A whole message."""
        head = read_chunk_head(message, len(message))
        if head is None:
            self._receive(decode(data_pb2.StreamResponse, message, "a message of the stream"))
        else:
            self.has_received = True
            self._current().add(head, memoryview(message)[head.head_bytes :])

    def place(self, head: ChunkHead) -> NDArray[np.uint8] | None:
        """Where the data of a chunk goes, and behind it that of the chunks to come; None: it is not kept."""
        self.has_received = True
        return self._current().place(head)

    def filled(self, length: int) -> None:
        """So many bytes have come to where `place` said."""
        self._current().filled(length)

    def _current(self) -> "BatchReceiver | _Skipped":
        if self._receiving is None:
            raise broken_protocol("a chunk came outside of a batch")
        return self._receiving

    def _receive(self, response: data_pb2.StreamResponse) -> None:
        kind = response.WhichOneof("kind")
        if not self._is_started and kind not in ("started", "notice"):
            raise broken_protocol(f"{kind or 'an empty message'} came before the stream had started")
        match kind:
            case "batch_begin":
                self._begin(response.batch_begin)
            case "chunk":
                # Its fields came in another order than our server writes them.
                chunk = response.chunk
                self._current().add(ChunkHead(chunk.step, chunk.offset, 0, len(chunk.data)), chunk.data)
            case "batch_end":
                self._end(response.batch_end)
            case "started":
                self._check_started(response.started)
                self._is_started = True
                self._events.tell(Started(self._carrier, response.started.reads_pace))
            case "stage_applied":
                applied = response.stage_applied
                goes_on = applied.schedule_from if applied.HasField("schedule_from") else None
                self._events.tell(StageApplied(applied.stage, applied.from_step, goes_on))
            case "cancelled":
                self._events.tell(Cancelled(response.cancelled.first_step, response.cancelled.count))
            case "notice":
                self._events.tell(Notice(response.notice.code, response.notice.text))
            case _:
                raise broken_protocol("an empty message came")

    def _check_started(self, started: data_pb2.Started) -> None:
        ours = self._start
        echo = (started.digest, started.timeline, started.rank, started.ranks)
        if self._is_started or echo != (ours.digest, TIMELINES[ours.timeline], ours.rank, ours.ranks):
            raise damaged("Start, or what answers it,")

    def _begin(self, begin: data_pb2.BatchBegin) -> None:
        if self._receiving is not None:
            raise broken_protocol("a batch began inside of another")
        expected, is_kept = self._events.begins(begin.step, begin.stage)
        check_begin(begin, expected, self._start)
        if is_kept:
            memory = self._memory.take(expected.byte_length)
            self._receiving = BatchReceiver(begin, expected, memory, self._carrier)
        else:
            self._receiving = _Skipped(begin.step, begin.stage)

    def _end(self, end: data_pb2.BatchEnd) -> None:
        receiving, self._receiving = self._receiving, None
        if receiving is None:
            raise broken_protocol("a batch ended that had not begun")
        if isinstance(receiving, _Skipped):
            receiving.end(end)
            self._events.tell(BatchSkipped(receiving.step, receiving.stage))
            return
        batch = receiving.end(end)
        if batch is None:
            self._events.tell(BatchDamaged(receiving.step, receiving.stage))
        else:
            self._events.tell(BatchArrived(batch))


class _Skipped:
    """A batch that is read and not kept."""

    def __init__(self, step: int, stage: int) -> None:
        self.step = step
        self.stage = stage

    def add(self, head: ChunkHead, data: object) -> None:
        """Reads past a chunk."""

    def place(self, head: ChunkHead) -> None:
        """Nothing is kept."""

    def filled(self, length: int) -> None:
        """Nothing is counted."""

    def end(self, end: data_pb2.BatchEnd) -> None:
        """Its end."""
        if end.step != self.step:
            raise broken_protocol(f"step {end.step} ended inside of step {self.step}")
