"""The facts of a failure that a peer sent: a peer may say anything."""

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

from ..errors import Code, Facts

_Kind: TypeAlias = Literal["text", "number", "list"]

_FIELD: Mapping[str, _Kind] = {"field": "text", "want": "text"}
_LIMIT: Mapping[str, _Kind] = {"limit": "text", "max": "number"}

_FIELDS: Mapping[Code, Mapping[str, _Kind]] = {
    "SPEC_INVALID": _FIELD,
    "REQUEST_INVALID": _FIELD,
    "UNAUTHENTICATED": {"reason": "text"},
    "UNSUPPORTED": {"what": "text", "want": "text"},
    "INTERNAL": {"where": "text", "reason": "text"},
    "INPUT_DAMAGED": {"file": "text", "reason": "text", "want": "text"},
    "STORE_DAMAGED": {"store": "text", "reason": "text"},
    "NOT_FOUND": {"what": "text", "name": "text", "known": "list"},
    "ALREADY_EXISTS": {"what": "text", "name": "text"},
    "DATASET_CHANGED": {"dataset": "text", "digest": "text"},
    "RECIPE_UNKNOWN": {"recipe": "number", "speaks": "number"},
    "STEP_PASSED": {"step": "number", "delivered": "number"},
    "STEP_UNKNOWN": {"timeline": "text", "step": "number", "steps": "number"},
    "STAGE_UNKNOWN": {"timeline": "text", "stage": "number", "first": "number", "last": "number"},
    "PATCH_MISMATCH": {"step": "number", "got": "text", "want": "text"},
    "LIMIT_EXCEEDED": {**_LIMIT, "got": "number"},
    "SERVER_BUSY": {**_LIMIT, "got": "number"},
    "BATCH_DAMAGED": {"step": "number", "attempts": "number"},
    "MESSAGE_DAMAGED": {"what": "text"},
    "UNAVAILABLE": {"address": "text", "reason": "text"},
    "DEADLINE": {"waitedFor": "text", "timeoutMs": "number"},
    "WORKER_DIED": {"doing": "text", "attempts": "number", "reason": "text"},
    "PROCESS_DIED": {"doing": "text", "reason": "text"},
    "ENGINE_MISSING": {"engine": "text", "reason": "text"},
    "LOSS_NOT_FINITE": {"step": "number", "stage": "number", "loss": "number", "gradientNorm": "number"},
    "TRAINING_ENDED": {"training": "text", "state": "text", "reason": "text"},
    "WRITE_FAILED": {"file": "text", "reason": "text"},
}
"""What the facts of each code must have, for its sentence. A number that is not finite travels as text."""


def received_facts(text: str) -> Facts | None:
    """The facts that a peer sent as JSON; None where they are none of ours."""
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(sent, dict):
        return None
    facts = cast(dict[str, object], sent)
    code = facts.get("code")
    fields = _FIELDS.get(cast(Code, code)) if isinstance(code, str) else None
    if fields is None or not all(_holds(facts.get(name), kind) for name, kind in fields.items()):
        return None
    return facts


def _holds(value: object, kind: _Kind) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "list":
            return isinstance(value, list)
        case "number":
            return value in ("NaN", "Infinity", "-Infinity") or (
                isinstance(value, int | float) and not isinstance(value, bool)
            )
