"""The typed failure of a call: the peer's own facts where it sent them, else what the status says."""

from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError

from ..errors import PatchstreamError, Retry
from ..v1 import data_pb2
from .google_status import find_detail
from .received_facts import received_facts

DETAILS_KEY = "grpc-status-details-bin"
"""gRPC's own place for a google.rpc.Status."""
_FAILURE = "patchstream.v1.Failure"

_RETRIES: Mapping[int, Retry] = {
    data_pb2.RETRY_NEVER: "never",
    data_pb2.RETRY_ELSEWHERE: "elsewhere",
    data_pb2.RETRY_AGAIN: "again",
}


@dataclass(frozen=True, slots=True)
class Status:
    """How a call failed. `details` are the bytes of a google.rpc.Status, where there are any."""

    code: grpc.StatusCode
    message: str
    details: bytes | None


def status_of(call: grpc.Call) -> Status:
    """The status of a call that has ended."""
    details = next((value for key, value in call.trailing_metadata() or () if key == DETAILS_KEY), None)
    return Status(call.code(), call.details() or "", details if isinstance(details, bytes) else None)


def call_failure(status: Status, *, address: str, method: str, timeout_s: float | None = None) -> PatchstreamError:
    """What a failed call of `method` at `address` raises. A refusal for want of a token names server and option."""
    error = _said(status) or PatchstreamError(_facts(status, address, method, timeout_s))
    if error.code != "UNAUTHENTICATED":
        return error
    facts = {**error.facts, "reason": f"{address}: {error.facts['reason']}"}
    hint = error.hint or "Give the server's token with token=TOKEN or token_file=FILE."
    return PatchstreamError(facts, hint, retry=error.retry)


def carries_facts(status: Status) -> bool:
    """True when the server itself said what is wrong."""
    return _said(status) is not None


def _said(status: Status) -> PatchstreamError | None:
    """What the peer itself said; None where that cannot be read: it says less than the status itself then."""
    if status.details is None:
        return None
    try:
        detail = find_detail(status.details, _FAILURE)
        failure = None if detail is None else data_pb2.Failure.FromString(detail)
    except (ValueError, DecodeError):
        return None
    facts = None if failure is None else received_facts(failure.facts)
    if failure is None or facts is None:
        return None
    return PatchstreamError(facts, failure.hint or None, retry=_RETRIES.get(failure.retry))


def _facts(status: Status, address: str, method: str, timeout_s: float | None) -> dict[str, object]:
    where = f"{method} at {address}"
    reason = f"{status.message} ({status.code.name})"
    match status.code:
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return {"code": "DEADLINE", "waitedFor": where, "timeoutMs": round(1e3 * (timeout_s or 0.0))}
        case grpc.StatusCode.UNAUTHENTICATED | grpc.StatusCode.PERMISSION_DENIED:
            return {"code": "UNAUTHENTICATED", "reason": reason}
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            return {"code": "UNAVAILABLE", "address": address, "reason": reason}
        case grpc.StatusCode.UNIMPLEMENTED:
            want = (
                "a call that this server knows: is it older than this client, "
                "or a trainer where a data server is meant, or the other way round?"
            )
            return {"code": "UNSUPPORTED", "what": where, "want": want}
        case _:
            return {"code": "INTERNAL", "where": where, "reason": reason}
