"""The trainings in a runs folder: started, resumed, steered, stopped."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from time import time
from typing import Any, cast

from patchstream.errors import PatchstreamError, refuse_request
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.history.history_in_short import HistoryInShort
from patchstream.trainer.process.failure import received_failure, sent_failure
from patchstream.trainer.process.start import Notice
from patchstream.trainer.run_folder.event_log import EventLog, ResumePoint
from patchstream.trainer.run_folder.json_lines import Entry
from patchstream.trainer.run_folder.process_lock import TRAINER_LOCK, check_nobody_trains, lock_folder
from patchstream.trainer.run_folder.request import TrainingRequest, write_request
from patchstream.trainer.run_folder.run_folder import is_damage_in
from patchstream.trainer.run_folder.write_file import make_folder
from patchstream.trainer.service.check_start import StartChecks
from patchstream.trainer.service.known_training import (
    DONE,
    FAILED,
    INTERRUPTED,
    QUEUED,
    RUNNING,
    STOPPED,
    Ending,
    KnownTraining,
    Observers,
    state_word,
)
from patchstream.trainer.service.known_trainings import KnownTrainings
from patchstream.trainer.service.running_training import RunningTraining, SeenFleet
from patchstream.trainer.service.turns import Turns
from patchstream.trainer.spec import parse_run_spec


@dataclass(frozen=True, slots=True)
class TrainingsOptions:
    """What trainings are run with."""

    runs_folder: Path
    checks: StartChecks
    device: DeviceOptions
    at_once: int
    """Trainings that run side by side."""
    notice: Notice
    """Told in one line of trainings that are damaged when the folder is opened."""
    observers: Observers


class Trainings:
    """They run in the order of their start, each in a process of its own, so many at a time; the others wait.

    Of the files in a training's folder this process writes `run.json` and the events, the training's process all
    others. For one event loop.
    """

    def __init__(self, options: TrainingsOptions) -> None:
        """Opens the runs folder, made where there is none. Raises UNAVAILABLE, WRITE_FAILED."""
        self._options = options
        self._checks = options.checks
        self._log = options.observers.log
        self._is_closing = False
        self._last_id_ms = 0
        self._starting: dict[str, asyncio.Lock] = {}
        self._lock = lock_folder(options.runs_folder, TRAINER_LOCK)
        self._known = KnownTrainings(options.runs_folder, options.observers, options.notice)
        self._turns = Turns(options.at_once, options.checks.memory, self._run)

    async def start(self, run: object, data: Sequence[str], key: str = "") -> str:
        """Queues a new training of a run spec; its id.

        Once its data servers have described it and its engine has been opened. Raises what is wrong with any of them,
        and LIMIT_EXCEEDED where it would never fit into the memory. Of all starts with one `key` the first one starts
        a training, the others are answered with it; REQUEST_INVALID for a key of another run.
        """
        if not key:
            return await self._start_new(run, data, "")
        async with self._starting.setdefault(key, asyncio.Lock()):
            known = self._known.started_as(key)
            if known is None:
                return await self._start_new(run, data, key)
        if known.request.run == run:
            return known.id
        want = f"another one: training {known.id} has it, of another run spec"
        raise refuse_request("key", key, want)

    async def _start_new(self, run: object, data: Sequence[str], key: str) -> str:
        spec = parse_run_spec(run)
        need_bytes = await self._checks.check_new(spec, data)
        self._check_open()
        folder = self._options.runs_folder / self._new_id()
        make_folder(folder)
        request = TrainingRequest(tuple(data), cast(Mapping[str, Any], run), key)
        write_request(folder, request)
        training = self._known.add(folder, spec, request, QUEUED, EventLog(folder, ended=False))
        self._enqueue(training, need_bytes)
        return training.id

    async def resume(self, name: str, data: Sequence[str]) -> None:
        """Queues a training that has ended, to go on from its last checkpoint.

        What was told of later steps is forgotten. Empty `data`: with the servers of before. Raises what would make it
        fail at once: one that is done or runs, a damaged file, data servers that do not answer or serve another run,
        memory into which it would never fit.
        """
        training = self._known.find(name)
        _check_resumable(training)
        training.is_resuming = True
        try:
            check_nobody_trains(training.folder)
            request = replace(training.request, data=tuple(data)) if data else training.request
            header, need_bytes = await self._checks.check_resumption(training.folder, training.spec, request.data)
            self._check_open()
            if data:
                write_request(training.folder, request)
            training.request = request
            training.rewind_to(ResumePoint(0, 0, 0) if header is None else header.resume_point)
            self._enqueue(training, need_bytes)
        except PatchstreamError as error:
            if is_damage_in(error, training.folder):
                self._known.set_damaged(training, error)
            raise
        finally:
            training.is_resuming = False

    async def set_stage(self, name: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """A manual stage transition, when it is decided: between two steps. Raises NOT_FOUND where nothing runs."""
        training = self._known.find(name)
        if training.running is not None:
            return await training.running.set_stage(asked)
        known = [one.id for one in self._known.running()]
        facts = {"what": "running training", "name": name, "known": known}
        raise PatchstreamError({"code": "NOT_FOUND", **facts}, f"It is {state_word(training.state)}.")

    async def stop(self, name: str) -> None:
        """Ends a training after the step in progress, or takes it from the queue; returns when it has ended."""
        training = self._known.find(name)
        if self._turns.remove(training):
            self._end_stopped(training)
        else:
            training.stop()
            await training.ended.wait()

    def follow(self, name: str, *, in_short: bool) -> AsyncGenerator[Entry]:
        """Everything that happened in a training, then what happens, until it ends."""
        return self._known.find(name).events.follow(HistoryInShort() if in_short else None)

    def place(self, name: str) -> tuple[Path, tuple[str, ...]]:
        """Folder of a training, where its checkpoints lie, and the data servers it was last given."""
        training = self._known.find(name)
        return training.folder, training.request.data

    def described(self, name: str) -> tuple[TrainingRequest, SeenFleet | None]:
        """What a training was started with, and how its data servers do; None where it does not run.

        Raises NOT_FOUND, or INPUT_DAMAGED for one that is damaged.
        """
        training = self._known.find(name)
        return training.request, None if training.running is None else training.running.fleet

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Oldest first, in the wire's terms."""
        return self._known.listed()

    async def close(self) -> None:
        """Ends every training after the step in progress; they can be resumed."""
        self._is_closing = True
        for waiting in self._turns.close():
            self._end_stopped(waiting)
        for training in self._known.running():
            training.stop()
        await self._turns.over()
        self._lock.release()

    def _new_id(self) -> str:
        """Sorts by time, tells the time, and is no path. Two that are started in one millisecond keep their order."""
        self._last_id_ms = max(int(1e3 * time()), self._last_id_ms + 1)
        at = datetime.fromtimestamp(self._last_id_ms / 1e3, timezone.utc)
        return f"{at:%Y%m%d-%H%M%S}-{self._last_id_ms % 1000:03d}-{secrets.token_hex(2)}"

    def _check_open(self) -> None:
        if self._is_closing:
            facts = {"address": str(self._options.runs_folder), "reason": "the trainer is about to end"}
            raise PatchstreamError({"code": "UNAVAILABLE", **facts})

    def _enqueue(self, training: KnownTraining, need_bytes: int) -> None:
        training.need_bytes = need_bytes
        training.ended.clear()
        training.enter(QUEUED)
        self._log.write("training-queued", training=training.id)
        self._turns.add(training)

    def _end_stopped(self, training: KnownTraining) -> None:
        training.end_well(INTERRUPTED if self._is_closing else STOPPED)

    async def _run(self, training: KnownTraining) -> None:
        """Runs a training whose turn it is in its process; never raises."""
        options, access = self._options, self._checks.access
        try:
            training.enter(RUNNING)
            job = {
                "folder": str(training.folder),
                "data": list(training.request.data),
                "connection": access.connection.as_job(),
                "run": training.request.run,
                "engine": self._checks.engines.chosen(training.spec.training.engine),
                "device": asdict(options.device),
            }
            if await training.run(RunningTraining(training.id, training.tell, self._log), job, access.ranks) == "done":
                training.end_well(DONE)
            else:
                self._end_stopped(training)
        except Exception as cause:
            error = cause if isinstance(cause, PatchstreamError) else received_failure(sent_failure(cause))
            training.log_failure(error)
            training.end(FAILED, Ending(str(error), error.code))
            if is_damage_in(error, training.folder):
                self._known.set_damaged(training, error)


def _check_resumable(training: KnownTraining) -> None:
    if training.state == DONE:
        facts = {"training": training.id, "state": "is done", "reason": "all of its steps are taken"}
        raise PatchstreamError({"code": "TRAINING_ENDED", **facts})
    if training.is_resuming or training.state in (QUEUED, RUNNING):
        hint = "Watch it with: patchstream train --watch ID, or stop it."
        raise PatchstreamError({"code": "ALREADY_EXISTS", "what": "running training", "name": training.id}, hint)
