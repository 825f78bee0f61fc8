"""What stands before the data of a Chunk in StreamResponse, GetBatchResponse and ReadCaseResponse.

It is read by hand: a generated message would copy the data once more, holding the interpreter.
"""

from typing import NamedTuple

from .varint import Bytes, read_varint, varint

CHUNK_TAG = (2 << 3) | 2
_STEP_TAG = (1 << 3) | 0
_OFFSET_TAG = (2 << 3) | 0
_DATA_TAG = (3 << 3) | 2

LONGEST_CHUNK_HEAD = 1 + 8 + 1 + 5 + 1 + 8 + 1 + 8
"""Three tags, the step and three numbers below 2^53."""


class ChunkHead(NamedTuple):
    """Where the data of a chunk goes. `head_bytes` of its message stand before `data_bytes` of data."""

    step: int
    offset: int
    head_bytes: int
    data_bytes: int


def read_chunk_head(data: Bytes, message_bytes: int) -> ChunkHead | None:
    """Reads the head of a message of `message_bytes` from its first bytes: all of them, or `LONGEST_CHUNK_HEAD`.

    None where it is anything else: another message, or a chunk whose fields come in another order.
    """
    end = len(data)
    if end == 0 or data[0] != CHUNK_TAG:
        return None
    inner = read_varint(data, 1, end)
    if inner is None or inner[0] + inner[1] != message_bytes:
        return None
    at = inner[1]
    step = offset = 0
    if at < end and data[at] == _STEP_TAG:
        read = read_varint(data, at + 1, end)
        if read is None or read[0] > 0xFFFF_FFFF:
            return None
        step, at = read
    if at < end and data[at] == _OFFSET_TAG:
        read = read_varint(data, at + 1, end)
        if read is None:
            return None
        offset, at = read
    if at == message_bytes:
        return ChunkHead(step, offset, at, 0)
    if at >= end or data[at] != _DATA_TAG:
        return None
    length = read_varint(data, at + 1, end)
    if length is None or length[0] + length[1] != message_bytes:
        return None
    return ChunkHead(step, offset, length[1], length[0])


def write_chunk_head(step: int, offset: int, data_bytes: int) -> bytes:
    """The head that our server writes before so many bytes."""
    inner = b""
    if step != 0:
        inner += bytes([_STEP_TAG]) + varint(step)
    if offset != 0:
        inner += bytes([_OFFSET_TAG]) + varint(offset)
    if data_bytes != 0:
        inner += bytes([_DATA_TAG]) + varint(data_bytes)
    return bytes([CHUNK_TAG]) + varint(len(inner) + data_bytes) + inner
