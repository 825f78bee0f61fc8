"""What the log says of a call that ended with an error: whose fault it is, and no word of a message."""

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc

from patchstream.errors import PatchstreamError

_OUR_FAULT = (grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS)
"""They say that something is wrong here, not with the call."""
_OUR_CODES = ("WORKER_DIED", "PROCESS_DIED")


def code_of(error: BaseException) -> str:
    """As callers are told it; INTERNAL for what is none of ours."""
    return error.code if isinstance(error, PatchstreamError) else "INTERNAL"


def frames_of(error: BaseException) -> Sequence[str]:
    """Where an error was made, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"at {frame.name} ({Path(frame.filename).name}:{frame.lineno})" for frame in reversed(frames)]


def failed_call(error: Exception, status: grpc.StatusCode) -> tuple[str, Mapping[str, Any]]:
    """The event and its facts."""
    code = code_of(error)
    if status in _OUR_FAULT or code in _OUR_CODES:
        return "call-failed", {"code": code, "frames": frames_of(error)}
    facts = error.facts if isinstance(error, PatchstreamError) else {}
    if code == "UNAUTHENTICATED":
        return "token-refused", {"reason": facts["reason"]}
    if code in ("SERVER_BUSY", "LIMIT_EXCEEDED"):
        limit = {"name": facts["limit"], "got": facts["got"], "max": facts["max"]}
        return "call-refused", {"code": code, "limit": limit}
    return "call-refused", {"code": code}
