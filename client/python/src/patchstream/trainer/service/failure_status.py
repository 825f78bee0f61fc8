"""What goes on the wire for a failure: docs/reference/errors.md."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, Literal, cast
from urllib.parse import quote

import grpc

from patchstream.errors import Code, PatchstreamError
from patchstream.trainer.process.failure import received_failure, sent_failure
from patchstream.v1 import data_pb2
from patchstream.wire.failures import DETAILS_KEY
from patchstream.wire.varint import varint

_STATUS: Mapping[Code, grpc.StatusCode] = {
    "SPEC_INVALID": grpc.StatusCode.INVALID_ARGUMENT,
    "REQUEST_INVALID": grpc.StatusCode.INVALID_ARGUMENT,
    "STAGE_UNKNOWN": grpc.StatusCode.INVALID_ARGUMENT,
    "STEP_UNKNOWN": grpc.StatusCode.INVALID_ARGUMENT,
    "UNAUTHENTICATED": grpc.StatusCode.UNAUTHENTICATED,
    "UNSUPPORTED": grpc.StatusCode.UNIMPLEMENTED,
    "NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "ALREADY_EXISTS": grpc.StatusCode.ALREADY_EXISTS,
    "DATASET_CHANGED": grpc.StatusCode.ABORTED,
    "LOSS_NOT_FINITE": grpc.StatusCode.ABORTED,
    "TRAINING_ENDED": grpc.StatusCode.ABORTED,
    "RECIPE_UNKNOWN": grpc.StatusCode.FAILED_PRECONDITION,
    "STEP_PASSED": grpc.StatusCode.FAILED_PRECONDITION,
    "INPUT_DAMAGED": grpc.StatusCode.FAILED_PRECONDITION,
    "ENGINE_MISSING": grpc.StatusCode.FAILED_PRECONDITION,
    "LIMIT_EXCEEDED": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "SERVER_BUSY": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "STORE_DAMAGED": grpc.StatusCode.DATA_LOSS,
    "BATCH_DAMAGED": grpc.StatusCode.DATA_LOSS,
    "MESSAGE_DAMAGED": grpc.StatusCode.DATA_LOSS,
    "UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "WORKER_DIED": grpc.StatusCode.UNAVAILABLE,
    "PROCESS_DIED": grpc.StatusCode.UNAVAILABLE,
    "DEADLINE": grpc.StatusCode.DEADLINE_EXCEEDED,
    "PATCH_MISMATCH": grpc.StatusCode.INTERNAL,
    "WRITE_FAILED": grpc.StatusCode.INTERNAL,
    "INTERNAL": grpc.StatusCode.INTERNAL,
}
FAILURE_CODES = tuple(_STATUS)
"""All that a call may fail with."""

_ELSEWHERE: tuple[Code, ...] = (
    "RECIPE_UNKNOWN",
    "SERVER_BUSY",
    "STORE_DAMAGED",
    "BATCH_DAMAGED",
    "UNAVAILABLE",
    "DEADLINE",
    "WORKER_DIED",
    "PROCESS_DIED",
)
"""Another attempt elsewhere, or here later, can help; at a damaged message the same call at once; else nothing."""

_MOST_FACTS_BYTES = 1600
"""Trailing metadata must stay below 8 KiB, beyond which gRPC's peers drop it: this holds the facts twice, in base64."""
_BOUNDS = ((400, 16), (60, 4))
"""Of what a failure repeats of the request: texts in characters, lists in entries."""
_MOST_MESSAGE_BYTES = 1200
"""Of the status message, percent-encoded."""
_LONGEST_HINT = 300


def status_of(failure: Exception) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes]]]:
    """Code, message and trailers. Anything that is not a PatchstreamError is INTERNAL, its stack stays here."""
    error = failure if isinstance(failure, PatchstreamError) else received_failure(sent_failure(failure))
    code = _STATUS[error.code]
    message = _bounded_message(str(error))
    facts = _bounded_facts(error)
    sent = data_pb2.Failure(
        code=str(facts["code"]),
        facts=json.dumps(facts, ensure_ascii=False, separators=(",", ":")),
        hint=(error.hint or "")[:_LONGEST_HINT],
        retry=_retry(error.code),
    )
    details = [
        ("google.rpc.ErrorInfo", _error_info(facts)),
        ("patchstream.v1.Failure", sent.SerializeToString()),
    ]
    return code, message, ((DETAILS_KEY, _status(int(code.value[0]), message, details)),)  # pyright: ignore[reportArgumentType]


def _retry(code: Code) -> data_pb2.Retry:
    if code == "MESSAGE_DAMAGED":
        return data_pb2.RETRY_AGAIN
    return data_pb2.RETRY_ELSEWHERE if code in _ELSEWHERE else data_pb2.RETRY_NEVER


def _bounded_facts(error: PatchstreamError) -> Mapping[str, Any]:
    """The facts in at most `_MOST_FACTS_BYTES` of JSON, whatever a hostile request put into them."""
    for text, entries in _BOUNDS:
        facts = {name: _shortened(value, text, entries) for name, value in error.facts.items()}
        if len(json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace")) <= _MOST_FACTS_BYTES:
            return facts
    return {"code": "INTERNAL", "where": error.code, "reason": str(error)[:100]}


def _shortened(value: object, text: int, entries: int) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, str):
        return _well_formed(value[:text]) + ("..." if len(value) > text else "")
    if isinstance(value, list | tuple):
        listed = list(cast(tuple[object, ...], value))
        rest = [f"... {len(listed) - entries} more"] if len(listed) > entries else []
        return [_shortened(one, text, entries) for one in [*listed[:entries], *rest]]
    if isinstance(value, Mapping):
        return _shortened(json.dumps(value, default=str), text, entries)
    return value


def _well_formed(text: str) -> str:
    """Half a surrogate pair is replaced: protobuf forbids it."""
    return text.encode("utf-8", "replace").decode()


def _bounded_message(message: str) -> str:
    """Cut where its percent-encoding becomes too long."""
    text, size = "", 0
    for character in _well_formed(message[:_MOST_MESSAGE_BYTES]):
        size += len(quote(character, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"))
        if size > _MOST_MESSAGE_BYTES:
            return f"{text}..."
        text += character
    return text


_Wire = Literal[0, 2]


def _tag(field: int, wire: _Wire) -> bytes:
    return varint((field << 3) | wire)


def _bytes_field(field: int, value: bytes) -> bytes:
    return _tag(field, 2) + varint(len(value)) + value


def _error_info(facts: Mapping[str, Any]) -> bytes:
    """A google.rpc.ErrorInfo: reason, domain, metadata."""
    encoded = _bytes_field(1, str(facts["code"]).encode()) + _bytes_field(2, b"patchstream")
    for name, value in facts.items():
        if name != "code":
            text = value if isinstance(value, str) else json.dumps(value)
            entry = _bytes_field(1, name.encode()) + _bytes_field(2, text.encode())
            encoded += _bytes_field(3, entry)
    return encoded


def _status(code: int, message: str, details: list[tuple[str, bytes]]) -> bytes:
    """A google.rpc.Status."""
    encoded = _tag(1, 0) + varint(code) + _bytes_field(2, message.encode())
    for name, value in details:
        held = _bytes_field(1, f"type.googleapis.com/{name}".encode()) + _bytes_field(2, value)
        encoded += _bytes_field(3, held)
    return encoded
