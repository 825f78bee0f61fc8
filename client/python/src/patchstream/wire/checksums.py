"""CRC-32 (zlib's) of what travels: isal's is several times as fast as zlib's, and lets other threads run meanwhile."""

import hashlib
from collections.abc import Iterable
from typing import cast

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from ..v1 import data_pb2
from .stream import StreamStart, damaged
from .varint import Bytes

CHECKSUM_KEY = "patchstream-crc32-bin"
"""Metadata of a message's CRC-32, four bytes little-endian: a request's in the headers, an answer's in the trailers."""


def crc32(data: Bytes | NDArray[np.uint8], before: int = 0) -> int:
    """The CRC-32 of bytes that follow those whose checksum is `before`."""
    return isal_zlib.crc32(data, before)  # pyright: ignore[reportUnknownMemberType]


def sha256(content: bytes) -> bytes:
    """32 bytes: what `spec_sha256` and `received_sha256` hold of a spec."""
    return hashlib.sha256(content).digest()


def checksum_metadata(message: bytes) -> tuple[str, bytes]:
    """The entry that says the checksum of an encoded message."""
    return CHECKSUM_KEY, crc32(message).to_bytes(4, "little")


def verify_checksum(metadata: Iterable[tuple[str, str | bytes]] | None, message: bytes, what: str) -> bool:
    """Whether a checksum was sent. Raises MESSAGE_DAMAGED for a message that is not the one whose checksum it is."""
    sent = next((value for key, value in metadata or () if key == CHECKSUM_KEY), None)
    if sent is not None and sent != crc32(message).to_bytes(4, "little"):
        raise damaged(what)
    return sent is not None


def address_checksum(start: StreamStart, step: int, stage: int) -> int:
    """`address_checksum` of BatchBegin: it shows that a batch is this run's, for this rank."""
    return crc32(f"{start.digest} {start.timeline} {step} {stage} {start.rank} {start.ranks}".encode())


def check_samples(samples: data_pb2.Samples, count: int, step: int) -> None:
    """Raises MESSAGE_DAMAGED where a step does not say what its `count` samples are, or the list changed on its way."""
    classes = cast(list[int], getattr(samples, "class"))
    is_long = len(samples.case_index) == len(classes) == count and len(samples.start) == 3 * count
    is_whole = is_long and len(samples.size) == 3 and max(samples.case_index, default=0) < len(samples.cases)
    if not is_whole or _checksum_of(samples, classes) != samples.checksum:
        raise damaged(f"the list of samples of step {step}")


def _checksum_of(samples: data_pb2.Samples, classes: list[int]) -> int:
    cases = "".join(f"{case}\n" for case in samples.cases).encode()
    numbers = [*samples.case_index, *classes, *samples.start, *samples.size]
    return crc32(np.array(numbers, np.int64).astype("<u4").tobytes(), crc32(cases))
