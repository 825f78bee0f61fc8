"""A training whose files can be read: how it stands, and its history."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.event_log import EVENTS_FILE, EventLog, ResumePoint
from patchstream.trainer.run_folder.json_lines import Entry
from patchstream.trainer.run_folder.request import TrainingRequest
from patchstream.trainer.run_folder.standing import Standing, read_standing, standing_after
from patchstream.trainer.service.failed_call import frames_of
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.running_training import RunningTraining
from patchstream.trainer.spec import RunSpec

QUEUED, RUNNING, DONE = "TRAINING_STATE_QUEUED", "TRAINING_STATE_RUNNING", "TRAINING_STATE_DONE"
STOPPED, FAILED = "TRAINING_STATE_STOPPED", "TRAINING_STATE_FAILED"
INTERRUPTED, DAMAGED = "TRAINING_STATE_INTERRUPTED", "TRAINING_STATE_DAMAGED"
STATES = (QUEUED, RUNNING, DONE, STOPPED, FAILED, INTERRUPTED, DAMAGED)


def state_word(state: str) -> str:
    """A state in a word: done, running, ..."""
    return state.removeprefix("TRAINING_STATE_").lower()


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a training ended."""

    message: str
    """One line."""
    code: str | None = None
    """Of what failed."""


@dataclass(frozen=True, slots=True)
class Observers:
    """Who sees what happens in trainings."""

    log: ServiceLog
    observe: Callable[[Entry], None]
    """Sees every event from now on."""


@dataclass
class KnownTraining:
    """For one event loop."""

    id: str
    folder: Path
    spec: RunSpec
    events: EventLog
    request: TrainingRequest
    state: str
    observers: Observers
    need_bytes: int = 0
    """Memory that it is estimated to take; known once it was looked at."""
    is_resuming: bool = False
    """Somebody has asked to resume it, and it is being looked at."""
    running: RunningTraining | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it neither waits nor runs."""
    _standing: Standing | None = None
    """Read when it is first asked for."""

    def tell(self, event: Entry) -> None:
        """Raises WRITE_FAILED where the event cannot be written down."""
        self.events.append(event)
        if self._standing is not None:
            self._standing = standing_after(self._standing, event)
        self.observers.observe(event)

    def enter(self, state: str, why: Ending | None = None) -> None:
        """Raises WRITE_FAILED where it cannot be written down."""
        self.state = state
        self.tell(_entered(state, why))

    def end(self, state: str, why: Ending | None = None) -> None:
        """Enters the state that it ends in. Where a full disk cannot take it, those who watch are told all the same."""
        try:
            self.enter(state, why)
            self.events.end()
        except PatchstreamError as error:
            self.log_failure(error)
            self.events.end(_entered(state, why))
        self.ended.set()

    def end_well(self, state: str, why: Ending | None = None) -> None:
        """`end` of one that nothing went wrong with."""
        self.observers.log.write("training-ended", training=self.id, state=state_word(state))
        self.end(state, why)

    async def run(self, running: RunningTraining, job: Mapping[str, Any], ranks: int) -> str:
        """`done` or `stopped`, when its process has ended. Raises its failure, or PROCESS_DIED."""
        self.running = running
        try:
            return await running.run(job, ranks)
        finally:
            self.running = None

    def stop(self) -> None:
        """Ends it after the step in progress, where it runs."""
        if self.running is not None:
            self.running.stop()

    def log_failure(self, error: PatchstreamError) -> None:
        """Its code and where it was made: messages may name cases."""
        facts = {"code": error.code, "frames": frames_of(error)}
        self.observers.log.write("training-failed", training=self.id, **facts)

    def rewind_to(self, point: ResumePoint) -> None:
        """Takes up the history again where the training goes on. Raises INPUT_DAMAGED, WRITE_FAILED."""
        self.events.rewind_to(point)
        self._standing = None

    def in_short(self) -> Mapping[str, Any]:
        """In the wire's terms."""
        if self._standing is None:
            self._standing = read_standing(self.folder / EVENTS_FILE)
        return {
            "id": self.id,
            "state": self.state,
            "data": list(self.request.data),
            "dataset": self.spec.dataset,
            **self._standing,
        }


def _entered(state: str, why: Ending | None) -> Entry:
    body: dict[str, Any] = {"state": state, "message": "" if why is None else why.message}
    if why is not None and why.code is not None:
        body["code"] = why.code
    return {"kind": "state", "state": body}
