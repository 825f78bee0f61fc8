"""What went wrong, as data: the codes and facts of docs/reference/errors.md, and one line for a person."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, cast

Code: TypeAlias = Literal[
    "SPEC_INVALID",
    "REQUEST_INVALID",
    "UNAUTHENTICATED",
    "UNSUPPORTED",
    "INTERNAL",
    "INPUT_DAMAGED",
    "STORE_DAMAGED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "DATASET_CHANGED",
    "RECIPE_UNKNOWN",
    "STEP_PASSED",
    "STEP_UNKNOWN",
    "STAGE_UNKNOWN",
    "PATCH_MISMATCH",
    "LIMIT_EXCEEDED",
    "SERVER_BUSY",
    "BATCH_DAMAGED",
    "MESSAGE_DAMAGED",
    "UNAVAILABLE",
    "DEADLINE",
    "WORKER_DIED",
    "PROCESS_DIED",
    "ENGINE_MISSING",
    "LOSS_NOT_FINITE",
    "TRAINING_ENDED",
    "WRITE_FAILED",
]
"""Every code. Scripts match it."""

Facts: TypeAlias = Mapping[str, object]
"""`code` and the code's own facts, named as on the wire (`waitedFor`, `timeoutMs`)."""

Retry: TypeAlias = Literal["never", "elsewhere", "again"]
"""What a server says of another attempt: it fails always; another server, or this one later; the same call at once."""

_SHOWN = 60
"""Longest piece of a refused value that a message repeats, in characters."""

KNOWN_FIELD = "a known field"
"""`want` of a field that nothing reads."""


class PatchstreamError(Exception):
    """Every failure a user can meet. `str()` says what, where, and what would be right. Match `code`, not the text.

    A traceback ends with what to do (from Python 3.11 on), where the message says neither that nor what would be right.
    `retry` is what the server said of another attempt; None where we found the failure ourselves.
    """

    def __init__(self, facts: Facts, hint: str | None = None, *, retry: Retry | None = None) -> None:
        """`facts` hold `code`; `hint` says what to do and ends the message."""
        text = _describe(facts)
        super().__init__(text if hint is None else f"{text}. {hint}")
        self.facts = dict(facts)
        self.hint = hint
        self.retry: Retry | None = retry
        self._usual = _USUAL_HINTS.get(self.code) if hint is None else None
        if self._usual is not None:
            self.__notes__ = [self._usual]  # what `add_note` of Python 3.11 does

    @property
    def advice(self) -> str:
        """The message for a person who has nothing but this line."""
        return str(self) if self._usual is None else f"{self}. {self._usual}"

    @property
    def code(self) -> Code:
        """What scripts match."""
        return cast(Code, self.facts["code"])

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross processes: a DataLoader's workers send theirs."""
        return _rebuild, (self.facts, self.hint, self.retry)


def _rebuild(facts: Facts, hint: str | None, retry: Retry | None) -> PatchstreamError:
    return PatchstreamError(facts, hint, retry=retry)


def refuse(field: str, got: object, want: str, hint: str | None = None) -> PatchstreamError:
    """SPEC_INVALID: an option or a field of a spec, by name. `want` completes "it must be ..."."""
    return PatchstreamError({"code": "SPEC_INVALID", "field": field, "got": got, "want": want}, hint)


def refuse_request(field: str, got: object, want: str) -> PatchstreamError:
    """REQUEST_INVALID: a field of a request, by name."""
    return PatchstreamError({"code": "REQUEST_INVALID", "field": field, "got": got, "want": want})


def _show(value: object) -> str:
    """A refused value in a few words: a peer may send one of any size and depth."""
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{_json(value[:_SHOWN])}..."
    if isinstance(value, Mapping):
        return f"an object with {len(cast(Mapping[object, object], value))} fields"
    if isinstance(value, list | tuple):
        entries = cast(Sequence[object], value)
        is_flat = len(entries) <= 8 and not any(isinstance(entry, list | tuple | Mapping) for entry in entries)
        return f"[{','.join(_show(entry) for entry in entries)}]" if is_flat else f"a list of {_count(entries)} entries"
    return _json(value)


def _count(entries: Sequence[object]) -> int:
    """Entries of a list that a server may have shortened: its last one says then how many more there were."""
    more = re.fullmatch(r"\.\.\. (\d+) more", str(entries[-1]))
    return len(entries) if more is None else len(entries) - 1 + int(more[1])


def _json(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return type(value).__name__


def _number(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _joined(known: object) -> str:
    return ", ".join(str(entry) for entry in cast(Sequence[object], known))


def _describe(facts: Facts) -> str:
    named = {name: _number(value) for name, value in facts.items()}
    match facts["code"]:
        case "SPEC_INVALID" | "REQUEST_INVALID":
            if facts["want"] == KNOWN_FIELD:
                return f"{named['field']} is not a known field"
            got = _show(facts["got"]) if "got" in facts else "missing"
            return f"{named['field']} is {got}; it must be {named['want']}"
        case "STORE_DAMAGED":
            place = [named["store"]]
            place += [f"{part} {named[part]}" for part in ("case", "chunk") if facts.get(part)]
            return f"{', '.join(place)}: {named['reason']}"
        case "NOT_FOUND":
            known = f"; known: {_joined(facts['known'])}" if facts["known"] else ""
            return f"no {named['what']} {_json(facts['name'])}{known}"
        case "STEP_UNKNOWN":
            last = int(cast(int, facts["steps"])) - 1
            return f"step {named['step']} does not exist; the {named['timeline']} timeline has steps 0 to {last}"
        case "STAGE_UNKNOWN":
            first, last = named["first"], named["last"]
            stages = f"stage {last} only" if first == last else f"stages {first} to {last}"
            return f"stage {named['stage']} does not exist; the {named['timeline']} timeline has {stages}"
        case "TRAINING_ENDED":
            reason = f": {named['reason']}" if facts["reason"] else ""
            return f"training {named['training']} {named['state']}{reason}"
        case code:
            return _SENTENCES[cast(Code, code)].format_map(named)


_SENTENCES: Mapping[Code, str] = {
    "UNAUTHENTICATED": "the call was refused: {reason}",
    "UNSUPPORTED": "{what} is not supported; it must be {want}",
    "INTERNAL": "{where}: {reason}",
    "INPUT_DAMAGED": "{file}: {reason}; it must be {want}",
    "ALREADY_EXISTS": "{what} {name} already exists",
    "DATASET_CHANGED": "the pages of data set {dataset} were not all of the same data; it has digest {digest} now",
    "RECIPE_UNKNOWN": "the run was made with recipe {recipe}; this server speaks recipe {speaks}",
    "STEP_PASSED": "step {step} has passed; step {delivered} has been delivered",
    "PATCH_MISMATCH": "step {step} came with {got}; its stage has {want}",
    "LIMIT_EXCEEDED": "{limit} is {got}; at most {max} is allowed",
    "SERVER_BUSY": "the server is busy: {limit} is {got}; at most {max} is allowed",
    "BATCH_DAMAGED": "step {step} arrived damaged {attempts} times (its CRC-32 did not match)",
    "MESSAGE_DAMAGED": "{what} was damaged on its way (its checksum does not match)",
    "UNAVAILABLE": "{address}: {reason}",
    "DEADLINE": "waited {timeoutMs} ms for {waitedFor}",
    "WORKER_DIED": "{attempts} worker threads died {doing}: {reason}",
    "PROCESS_DIED": "the process that {doing} ended: {reason}",
    "ENGINE_MISSING": "engine {engine} is not usable here: {reason}",
    "LOSS_NOT_FINITE": "the loss is {loss}, the gradient norm {gradientNorm}, at step {step}, stage {stage}",
    "WRITE_FAILED": "{file} was not written: {reason}",
}
"""What is said of the codes whose sentence is always the same."""

_USUAL_HINTS: Mapping[Code, str] = {
    "UNAUTHENTICATED": "Give a token that the server accepts.",
    "INTERNAL": "Report it with the message.",
    "STORE_DAMAGED": "Ingest again; open it again if that was done since; or restore a copy.",
    "DATASET_CHANGED": "Ask for the first page again.",
    "RECIPE_UNKNOWN": "Use the version the run began with, or begin a new run.",
    "STEP_PASSED": "Name a later step, or none.",
    "PATCH_MISMATCH": "A fault of that server: replace it, and report it.",
    "SERVER_BUSY": "Ask another replica, or this one later.",
    "BATCH_DAMAGED": "The network or a machine's memory flips bits; look there.",
    "MESSAGE_DAMAGED": "The client asks again by itself, twice; then look at the network.",
    "DEADLINE": "Look at what was waited for; raise the deadline if it is merely slow.",
    "WORKER_DIED": "See the server's log: most often memory has run out.",
    "PROCESS_DIED": "See the trainer's log: most often memory has run out. Resume the training.",
    "LOSS_NOT_FINITE": "Lower the learning rate; see the last checkpoint.",
    "WRITE_FAILED": "Make room, mend permissions or name another place, and start again.",
}
"""What to do, as docs/reference/errors.md has it, where a message says neither that nor what would be right."""
