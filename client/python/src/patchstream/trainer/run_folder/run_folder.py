"""A training at rest, as its folder tells it."""

from dataclasses import dataclass
from pathlib import Path

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.checkpoint import CHECKPOINT_FILE, read_checkpoint_header
from patchstream.trainer.run_folder.decision_log import DECISIONS_FILE, read_decisions
from patchstream.trainer.run_folder.event_log import EVENTS_FILE, EventLog
from patchstream.trainer.run_folder.json_lines import Entry
from patchstream.trainer.run_folder.request import REQUEST_FILE, TrainingRequest, read_request
from patchstream.trainer.spec import RunSpec


@dataclass(frozen=True, slots=True)
class RestingRun:
    """A training that nothing runs."""

    request: TrainingRequest
    spec: RunSpec
    events: EventLog
    state: str
    was_cut_short: bool
    """It ended with its trainer, and its events do not say so."""


@dataclass(frozen=True, slots=True)
class Damage:
    """What makes a training unreadable."""

    file: str
    reason: str


def is_run_folder(folder: Path) -> bool:
    """True where a training has written; anything else is left alone. Raises what the system answers."""
    known = (REQUEST_FILE, EVENTS_FILE, DECISIONS_FILE, CHECKPOINT_FILE)
    return any(file.name in known for file in folder.iterdir())


def open_run_folder(folder: Path) -> RestingRun:
    """Opens a training at rest. What it would go on from is looked at, cheaply.

    The request, the decisions, the end of the events, header and length of the checkpoint. Raises for the first that
    cannot be read; `damage_of` tells it.
    """
    request, spec = read_request(folder)
    read_decisions(folder)
    read_checkpoint_header(folder / CHECKPOINT_FILE)
    events = EventLog(folder, ended=True)
    return RestingRun(request, spec, events, *_state_at_rest(events.read_last()))


def _state_at_rest(last: Entry | None) -> tuple[str, bool]:
    """How a training stands that nothing runs: as its last event says, unless that was cut short, which is told."""
    state = "TRAINING_STATE_RUNNING"
    if last is not None and last.get("kind") == "state":
        state = str(last["state"]["state"])
    is_cut_short = state in ("TRAINING_STATE_RUNNING", "TRAINING_STATE_QUEUED")
    return "TRAINING_STATE_INTERRUPTED" if is_cut_short else state, is_cut_short


def damage_of(error: PatchstreamError | OSError, folder: Path) -> Damage:
    """What a failure to read something in `folder` says of it, in one line."""
    if isinstance(error, PatchstreamError):
        facts = error.facts
        return Damage(str(facts.get("file", folder)), str(facts.get("reason", error)))
    return Damage(str(error.filename or folder), error.strerror or str(error))


def is_damage_in(error: PatchstreamError, folder: Path) -> bool:
    """True where `error` is about a file in `folder` that cannot be read."""
    return error.code == "INPUT_DAMAGED" and folder in Path(str(error.facts["file"])).parents
