"""The status of a call as the last message of a lane: gRPC's trailers as lines of text, as grpc-web writes them."""

import binascii
from base64 import b64decode
from urllib.parse import unquote

import grpc

from .failures import DETAILS_KEY, Status
from .stream import damaged

_CODES = {code.value[0]: code for code in grpc.StatusCode}


def read_lane_status(message: bytes) -> Status | None:
    """None for OK. Raises MESSAGE_DAMAGED for what is no status."""
    lines = (line.partition(":") for line in message.decode("latin-1").split("\r\n"))
    fields = {name.lower(): value.strip() for name, _, value in lines}
    code = _code(fields.get("grpc-status", ""))
    if code is grpc.StatusCode.OK:
        return None
    return Status(code, unquote(fields.get("grpc-message", "")), _details(fields.get(DETAILS_KEY)))


def _code(text: str) -> grpc.StatusCode:
    code = _CODES.get(int(text)) if text.isascii() and text.isdecimal() else None
    if code is None:
        raise damaged("the status of a lane")
    return code


def _details(text: str | None) -> bytes | None:
    try:
        return None if text is None else b64decode(text)
    except binascii.Error:
        return None  # Details that cannot be read say less than the status itself.
