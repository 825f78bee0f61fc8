"""What to do about a failed call."""

from typing import Literal, TypeAlias

from ..errors import PatchstreamError

NextTry: TypeAlias = Literal["later", "elsewhere", "again", "never"]
"""`later`: ask elsewhere, or here again when some time has passed.

`elsewhere`: ask others; this server will say the same. `again`: what was sent or received was damaged: the same call
at once, over a new connection. `never`: it fails everywhere and always.
"""

_PASSING = frozenset({"UNAVAILABLE", "WORKER_DIED", "DEADLINE", "SERVER_BUSY"})
"""States of a server that end by themselves."""

_OURS = frozenset({"UNAUTHENTICATED", "NOT_FOUND", "SPEC_INVALID", "REQUEST_INVALID", "STEP_UNKNOWN", "STAGE_UNKNOWN"})
"""What is wrong with a call on our side, found without a server; and a proxy's refusal."""


def next_try(error: PatchstreamError) -> NextTry:
    """By what the server said; what it did not say is told from the code."""
    is_passing = error.code in _PASSING
    if error.retry == "elsewhere":
        return "later" if is_passing else "elsewhere"
    if error.retry is not None:
        return error.retry
    if is_passing:
        return "later"
    # What we find ourselves in an answer is damage, and so is a status that no server of ours has sent: it is a
    # proxy's, or what
    # damage on the way makes of a call.
    return "never" if error.code in _OURS else "again"
