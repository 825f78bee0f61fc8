"""Takes a lane apart into messages. The data of chunks is read straight to where it belongs."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .chunk_head import LONGEST_CHUNK_HEAD, ChunkHead, read_chunk_head, write_chunk_head
from .lane_frame import LAST, MESSAGE, MOST_MESSAGE_BYTES, PREFIX_BYTES
from .lane_socket import LaneSocket
from .stream import damaged

AT_ONCE_BYTES = 4 << 20
"""Of the data of chunks, read with one call of the system."""
MOST_AT_ONCE = 64
"""Chunks that are read so: the system takes 1,024 pieces of memory at most."""
_SCRATCH_BYTES = PREFIX_BYTES + LONGEST_CHUNK_HEAD
_SKIPPED_BYTES = 256 << 10


class Receiver(Protocol):
    """Who is told what comes."""

    def message(self, message: bytes) -> None:
        """A whole message."""
        ...

    def place(self, head: ChunkHead) -> NDArray[np.uint8] | None:
        """Where the data of a chunk goes, and behind it that of the chunks to come; None: it is not kept."""
        ...

    def filled(self, length: int) -> None:
        """So many bytes have come to where `place` said."""
        ...


class LaneReader:
    """Of one lane."""

    def __init__(self, socket: LaneSocket, receiver: Receiver, *, alive: Callable[[], None]) -> None:
        """`alive` is told of empty messages."""
        self._socket = socket
        self._receiver = receiver
        self._alive = alive
        self._ahead = memoryview(b"")
        """What has come and was not looked at."""
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))

    def read_to_end(self) -> bytes:
        """Reads messages up to the last, which is the answer.

        Raises MESSAGE_DAMAGED for what is no lane, what the receiver raises, and as the socket's methods do.
        """
        while True:
            flags, length = self._prefix()
            if flags == LAST:
                return self._whole(length)
            if flags != MESSAGE:
                raise damaged(f"a message with flags {flags}")
            if length == 0:
                self._alive()
                continue
            known = min(length, LONGEST_CHUNK_HEAD)
            self._need(known)
            head = read_chunk_head(self._ahead[:known], length)
            if head is None:
                self._receiver.message(self._whole(length))
            else:
                self._ahead = self._ahead[head.head_bytes :]
                self._chunk(head)

    def _prefix(self) -> tuple[int, int]:
        self._need(PREFIX_BYTES)
        prefix, self._ahead = self._ahead[:PREFIX_BYTES], self._ahead[PREFIX_BYTES:]
        return prefix[0], int.from_bytes(prefix[1:], "big")

    def _need(self, count: int) -> None:
        """Reads until so many bytes are ahead, and maybe some more."""
        while len(self._ahead) < count:
            came = self._socket.read(self._scratch)
            self._ahead = memoryview(bytes(self._ahead) + bytes(self._scratch[:came]))

    def _whole(self, length: int) -> bytes:
        if length > MOST_MESSAGE_BYTES:
            raise damaged(f"a message of {length} bytes, where {MOST_MESSAGE_BYTES} are the most,")
        message = bytearray(length)
        self._fill(memoryview(message))
        return bytes(message)

    def _fill(self, target: memoryview) -> None:
        at = self._from_ahead(target)
        while at < len(target):
            at += self._socket.read(target[at:])

    def _from_ahead(self, target: memoryview) -> int:
        count = min(len(target), len(self._ahead))
        if count > 0:
            target[:count] = self._ahead[:count]
            self._ahead = self._ahead[count:]
        return count

    def _chunk(self, head: ChunkHead) -> None:
        place = self._receiver.place(head)
        if place is None:
            self._skip(head.data_bytes)
            return
        memory = place.data
        end = head.data_bytes
        at = self._from_ahead(memory[:end])
        if at > 0:
            self._receiver.filled(at)
        while at < end:
            if self._socket.is_plain:
                at, end = self._read_on(memory, at, end, head)
            else:
                came = self._socket.read(memory[at:end])
                self._receiver.filled(came)
                at += came

    def _skip(self, length: int) -> None:
        nowhere = memoryview(bytearray(min(length, _SKIPPED_BYTES)))
        while length > 0:
            target = nowhere[:length]
            self._fill(target)
            length -= len(target)

    def _read_on(self, memory: memoryview, at: int, end: int, first: ChunkHead) -> tuple[int, int]:
        """Reads the rest of a chunk and, in the same call of the system, those that are expected to follow it.

        The chunk has come up to `at` of `memory` and goes to `end`. Gives both again, of the last chunk that has begun.
        What came and was not expected is ahead.
        """
        expected: list[bytes] = []
        targets = [memory[at:end]]
        reaches = end
        while reaches < len(memory) and reaches - at < AT_ONCE_BYTES and len(expected) < MOST_AT_ONCE:
            length = min(first.data_bytes, len(memory) - reaches)
            expected.append(_chunk_start(first.step, first.offset + reaches, length))
            targets += [memoryview(bytearray(len(expected[-1]))), memory[reaches : reaches + length]]
            reaches += length
        came = self._socket.read_all(targets)
        filled = min(came, len(targets[0]))
        came -= filled
        for number, start in enumerate(expected):
            if came == 0:
                break
            got, data = targets[1 + 2 * number], targets[2 + 2 * number]
            if came < len(got) or bytes(got) != start:
                self._ahead = memoryview(b"".join(targets[1 + 2 * number :])[:came])
                break
            came -= len(got)
            end += len(data)
            filled += min(came, len(data))
            came -= min(came, len(data))
        self._receiver.filled(filled)
        return at + filled, end


def _chunk_start(step: int, offset: int, data_bytes: int) -> bytes:
    """What our server sends before the data of a chunk."""
    head = write_chunk_head(step, offset, data_bytes)
    return bytes([MESSAGE]) + (len(head) + data_bytes).to_bytes(4, "big") + head
