"""A failure between processes."""

from collections.abc import Mapping
from typing import Any

from patchstream.errors import PatchstreamError


def sent_failure(error: BaseException) -> Mapping[str, Any]:
    """A failure as it goes to another process. What is none of ours is INTERNAL, in one line."""
    if isinstance(error, PatchstreamError):
        return {"facts": error.facts, "hint": error.hint}
    lines = (str(error) or type(error).__name__).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0]}"
    return {"facts": {"code": "INTERNAL", "where": "a process of the trainer", "reason": reason}, "hint": None}


def received_failure(failure: Mapping[str, Any]) -> PatchstreamError:
    """The failure that a process sent."""
    return PatchstreamError(failure["facts"], failure["hint"])
