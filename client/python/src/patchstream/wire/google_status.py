"""google.rpc.Status (google/rpc/status.proto), as far as we read it: its details.

Two small messages whose fields will never change; a dependency on their generated code would bind its version.
"""

from .varint import read_varint

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_DETAILS = 3
_TYPE_URL, _VALUE = 1, 2


def find_detail(status: bytes, message: str) -> bytes | None:
    """The first detail of a type, by its full name, in an encoded Status. Raises ValueError for bytes that are none."""
    for number, value in _fields(status):
        if number == _DETAILS:
            detail = dict(_fields(value))
            if detail.get(_TYPE_URL, b"").decode("utf-8", "replace").split("/")[-1] == message:
                return detail.get(_VALUE, b"")
    return None


def _fields(message: bytes) -> list[tuple[int, bytes]]:
    """The fields that have a length, in their order, by number."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case wire if wire == _VARINT:
                _, at = _varint(message, at)
            case wire if wire == _FIXED64:
                at += 8
            case wire if wire == _FIXED32:
                at += 4
            case wire if wire == _LENGTH:
                length, at = _varint(message, at)
                found.append((tag >> 3, message[at : at + length]))
                at += length
            case wire:
                raise ValueError(f"no message has a field of wire type {wire}")
    if at != len(message):
        raise ValueError("the message is cut off")
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    read = read_varint(message, at, len(message))
    if read is None:
        raise ValueError("the message is cut off")
    return read
