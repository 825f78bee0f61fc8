"""Protobuf's variable-length whole numbers."""

from typing import TypeAlias

Bytes: TypeAlias = bytes | bytearray | memoryview

LARGEST = 2**53 - 1
"""What every client's numbers hold."""


def read_varint(data: Bytes, at: int, end: int) -> tuple[int, int] | None:
    """The number at `at` and where what follows it begins; None where it is cut off at `end`, or too large."""
    value = 0
    for shift in range(0, 56, 7):
        if at >= end:
            return None
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value, at) if value <= LARGEST else None
    return None


def varint(value: int) -> bytes:
    """The number as bytes."""
    written = bytearray()
    while value >= 0x80:
        written.append((value & 0x7F) | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
