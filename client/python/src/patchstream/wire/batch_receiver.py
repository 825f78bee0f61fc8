"""Puts what comes of a batch or volume where it belongs, and takes its checksum on the way."""

from collections.abc import Mapping
from time import monotonic

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import PatchstreamError
from ..v1 import data_pb2
from .checksums import address_checksum, check_samples, crc32
from .chunk_head import ChunkHead
from .stream import (
    Carrier,
    ExpectedBatch,
    ReceivedBatch,
    ReceivedTensor,
    StreamStart,
    TensorShape,
    TensorType,
    broken_protocol,
    damaged,
)
from .varint import Bytes

DTYPES: Mapping[TensorType, DTypeLike] = {"f32": "<f4", "f16": "<f2", "bf16": "<u2", "i16": "<i2", "u8": "u1"}
"""How the values of each type are read; numpy has no bf16."""


class ByteReceiver:
    """Bytes in order and without gaps, into memory of its own."""

    def __init__(self, memory: NDArray[np.uint8]) -> None:
        """Fills all of `memory`."""
        self.memory = memory
        self._received = 0
        self._checksum = 0

    def add(self, offset: int, data: Bytes) -> None:
        """Copies a piece to its place. Raises `broken_protocol` for one that does not come next."""
        place = self.place(offset, len(data))
        if len(data) > 0:
            np.copyto(place[: len(data)], np.frombuffer(data, np.uint8))  # which lets other threads run meanwhile
            self.filled(len(data))

    def place(self, offset: int, length: int) -> NDArray[np.uint8]:
        """Where the next `length` bytes go, and behind it all that are missing. Raises `broken_protocol` for others."""
        if offset != self._received or offset + length > self.memory.nbytes:
            raise broken_protocol(f"a chunk of {length} bytes at {offset} came after {self._received} bytes")
        return self.memory[offset:]

    def filled(self, length: int) -> None:
        """So many more bytes have come to their place."""
        end = self._received + length
        self._checksum = crc32(self.memory[self._received : end], self._checksum)
        self._received = end

    def matches(self, checksum: int) -> bool:
        """True when the bytes are those of `checksum`. Raises `broken_protocol` where some are missing."""
        if self._received != self.memory.nbytes:
            raise broken_protocol(f"{self._received} of {self.memory.nbytes} bytes came")
        return self._checksum == checksum


class BatchReceiver:
    """One batch on its way in."""

    def __init__(
        self, begin: data_pb2.BatchBegin, expected: ExpectedBatch, memory: NDArray[np.uint8], carrier: Carrier
    ) -> None:
        """`begin` must have been checked against `expected`; `memory` has its length."""
        self.step = begin.step
        self.stage = begin.stage
        self._begin = begin
        self._expected = expected
        self._bytes = ByteReceiver(memory)
        self._carrier: Carrier = carrier
        self._began_at = monotonic()

    def add(self, head: ChunkHead, data: Bytes) -> None:
        """Copies a chunk to its place."""
        self._check_step(head)
        self._bytes.add(head.offset, data)

    def place(self, head: ChunkHead) -> NDArray[np.uint8]:
        """Where the data of a chunk goes, and behind it all that is missing; `filled` says what has come."""
        self._check_step(head)
        return self._bytes.place(head.offset, head.data_bytes)

    def filled(self, length: int) -> None:
        """So many bytes have come to where `place` said."""
        self._bytes.filled(length)

    def end(self, end: data_pb2.BatchEnd) -> ReceivedBatch | None:
        """The batch; None where its bytes are not those of its checksum."""
        if end.step != self.step:
            raise broken_protocol(f"step {end.step} ended inside of step {self.step}")
        if not self._bytes.matches(end.checksum):
            return None
        memory = self._bytes.memory
        return ReceivedBatch(
            step=self.step,
            stage=self._begin.stage,
            global_batch=self._begin.global_batch,
            tensors=tensors_in(memory, self._expected.tensors),
            samples=self._begin.samples,
            checksum=end.checksum,
            carrier=self._carrier,
            carried_ms=1e3 * (monotonic() - self._began_at),
            memory=memory,
            served_us=end.served_us if end.HasField("served_us") else None,
            is_shared=end.shared,
        )

    def _check_step(self, head: ChunkHead) -> None:
        if head.step != self.step:
            raise broken_protocol(f"a chunk of step {head.step} in step {self.step}")


def tensors_in(memory: NDArray[np.uint8], shapes: tuple[TensorShape, ...]) -> tuple[ReceivedTensor, ...]:
    """Views on the tensors that lie end to end in `memory`."""
    found: list[ReceivedTensor] = []
    at = 0
    for shape in shapes:
        values: NDArray[np.generic] = np.ndarray(shape.shape, DTYPES[shape.type], memory, at)
        found.append(ReceivedTensor(shape.name, shape.type, values))
        at += shape.byte_length
    return tuple(found)


def check_begin(begin: data_pb2.BatchBegin, expected: ExpectedBatch, start: StreamStart) -> None:
    """Looks at a header before any memory is taken for its batch.

    Raises PATCH_MISMATCH or MESSAGE_DAMAGED where it is not what its stage says.
    """
    step = begin.step
    if begin.address_checksum != address_checksum(start, step, begin.stage):
        raise damaged(f"the header of step {step}, or the spec it was cut by,")
    names = [shape.name for shape in expected.tensors]
    if [tensor.name for tensor in begin.tensors] != names:
        raise broken_protocol(f"step {step} came with other tensors than {', '.join(names)}")
    for tensor, want in zip(begin.tensors, expected.tensors, strict=True):
        if _text(tensor) != _text(want):
            raise _mismatch(step, _text(tensor), _text(want))
    if begin.global_batch != expected.global_batch:
        raise _mismatch(step, f"a batch of {begin.global_batch} samples over all ranks", str(expected.global_batch))
    check_samples(begin.samples, expected.samples, step)


def _text(tensor: data_pb2.Tensor | TensorShape) -> str:
    """Such as "image f32 9x1x40x56x40 (3225600 bytes)"."""
    return f"{tensor.name} {tensor.type} {'x'.join(map(str, tensor.shape))} ({tensor.byte_length} bytes)"


def _mismatch(step: int, got: str, want: str) -> PatchstreamError:
    return PatchstreamError({"code": "PATCH_MISMATCH", "step": step, "got": got, "want": want})
