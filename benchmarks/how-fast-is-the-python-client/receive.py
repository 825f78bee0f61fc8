"""A process that receives: `python receive.py bare|discard|grpc|lane ADDRESS [DATA_JSON]`, then a job a line on stdin.

A job is JSON, `{"totalBytes", "untimedBytes"}` of a bare stream, else `{"stage", "steps", "untimedBytes"}`. The answer, a
line on stdout, is bytes per second once the stream flows.
"""

import hashlib
import json
import struct
import sys
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from time import perf_counter

import grpc

from patchstream.v1 import data_pb2
from patchstream.wire.batch_memory import BatchMemory
from patchstream.wire.call_scope import CallScope
from patchstream.wire.calls import call_unary
from patchstream.wire.channel import ChannelOptions, open_channel
from patchstream.wire.open_stream import open_stream
from patchstream.wire.stream import (
    BatchArrived,
    CarrierChoice,
    Event,
    ExpectedBatch,
    Over,
    StreamStart,
    TensorShape,
)

AHEAD = 8
"""Batches wanted at once."""
MESSAGE_BYTES = 1 << 20


class SteadyClock:
    """Bytes per second of a stream once it flows: what comes before is opening it and cutting the first batches."""

    def __init__(self, untimed_bytes: int) -> None:
        self._untimed_bytes = untimed_bytes
        self._total = self._start_bytes = 0
        self._start = self._end = 0.0

    def received(self, count: int) -> None:
        is_untimed = self._total < self._untimed_bytes
        self._total += count
        self._end = perf_counter()
        if is_untimed:
            self._start, self._start_bytes = self._end, self._total

    def bytes_per_second(self) -> float:
        return (self._total - self._start_bytes) / (self._end - self._start)


def bare(address: str) -> Callable[[dict[str, int]], float]:
    """grpcio on a bare stream of messages of 1 MiB."""
    channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)])
    send = channel.unary_stream("/benchmark.Bare/Send")

    def receive(job: dict[str, int]) -> float:
        clock = SteadyClock(job["untimedBytes"])
        for message in send(struct.pack("<dd", job["totalBytes"], MESSAGE_BYTES)):
            clock.received(len(message))
        return clock.bytes_per_second()

    return receive


class Run:
    """A run as the server describes it."""

    def __init__(self, address: str, data: str) -> None:
        self.channel = open_channel(address, ChannelOptions())
        spec = data.encode()
        request = data_pb2.DescribeRunRequest(spec=spec, spec_sha256=hashlib.sha256(spec).digest())
        self.info = call_unary(
            self.channel, "DescribeRun", request, data_pb2.DescribeRunResponse, CallScope(60.0)
        )

    def expected(self, stage: int) -> ExpectedBatch:
        described = self.info.train.stages[stage]
        share = described.shares[0]
        tensors = tuple(TensorShape(t.name, t.type, tuple(t.shape), t.byte_length) for t in share.tensors)
        return ExpectedBatch(stage, described.batch_size, share.samples, tensors, share.byte_length)


def discard(address: str, data: str) -> Callable[[dict[str, int]], float]:
    """grpcio on our Stream, with the settings of our channel: every message is thrown away, and batches are counted."""
    run = Run(address, data)
    batch_begin, batch_end = (1 << 3) | 2, (3 << 3) | 2

    def receive(job: dict[str, int]) -> float:
        clock = SteadyClock(job["untimedBytes"])
        requests: SimpleQueue[bytes | None] = SimpleQueue()

        def want(first: int, count: int) -> None:
            message = data_pb2.Want(first_step=first, count=count, stage=job["stage"])
            requests.put(data_pb2.StreamRequest(want=message).SerializeToString())

        start = data_pb2.Start(spec=run.info.spec, timeline=data_pb2.TIMELINE_TRAIN, rank=0, ranks=1)
        requests.put(data_pb2.StreamRequest(start=start).SerializeToString())
        ahead = min(AHEAD, job["steps"])
        want(0, ahead)
        wanted, ended = ahead, 0
        messages: Iterator[bytes] = iter(requests.get, None)
        call = run.channel.grpc.stream_stream("/patchstream.v1.DataService/Stream")(messages)
        for message in call:
            if message[0] == batch_end:
                ended += 1
                if wanted < job["steps"]:
                    want(wanted, 1)
                    wanted += 1
                if ended == job["steps"]:
                    break
            elif message[0] != batch_begin:
                clock.received(len(message))
        requests.put(None)
        call.cancel()
        return clock.bytes_per_second()

    return receive


class Taker:
    """Wants batches ahead and drops those that come."""

    def __init__(self, run: Run, carrier: CarrierChoice, memory: BatchMemory, job: dict[str, int]) -> None:
        self._job = job
        self._expected = run.expected(job["stage"])
        self._clock = SteadyClock(job["untimedBytes"])
        self._over: SimpleQueue[float | Exception] = SimpleQueue()
        self._wanted = self._arrived = 0
        start = StreamStart(run.info.spec, run.info.digest, "train", 0, 1)
        self._stream = open_stream(run.channel, start, self, carrier=carrier, memory=memory)
        for _ in range(min(AHEAD, job["steps"])):
            self._want()

    def take(self) -> float:
        measured = self._over.get()
        if isinstance(measured, Exception):
            raise measured
        return measured

    def begins(self, step: int, stage: int) -> tuple[ExpectedBatch, bool]:
        return self._expected, True

    def tell(self, event: Event) -> None:
        match event:
            case BatchArrived(batch):
                self._arrived += 1
                self._clock.received(batch.memory.nbytes)
                if self._wanted < self._job["steps"]:
                    self._want()
                if self._arrived == self._job["steps"]:
                    self._over.put(self._clock.bytes_per_second())
                    self._stream.cancel()
            case Over(error):
                self._over.put(error or RuntimeError("the stream ended"))
            case _:
                pass

    def _want(self) -> None:
        self._stream.want(self._wanted, 1, self._job["stage"])
        self._wanted += 1


def ours(address: str, data: str, carrier: CarrierChoice) -> Callable[[dict[str, int]], float]:
    """Our streams: every batch verified, in memory that is used again."""
    run = Run(address, data)
    memory = BatchMemory()
    return lambda job: Taker(run, carrier, memory, job).take()


def main() -> None:
    mode, address, *rest = sys.argv[1:]
    match mode:
        case "bare":
            receive = bare(address)
        case "discard":
            receive = discard(address, rest[0])
        case "grpc" | "lane":
            receive = ours(address, rest[0], mode)
        case _:
            raise SystemExit(f"no mode {mode}")
    for line in sys.stdin:
        print(json.dumps(receive(json.loads(line))), flush=True)


main()
