"""The trainings in a runs folder, one folder each."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from time import time
from typing import Any, cast

from patchstream.errors import PatchstreamError
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.loop.check_control import check_control
from patchstream.trainer.loop.run_digest import check_digest
from patchstream.trainer.networks.describe import NetworkSize, network_for
from patchstream.trainer.process.failure import received_failure, sent_failure
from patchstream.trainer.process.start import Notice
from patchstream.trainer.run_folder.checkpoint import CHECKPOINT_FILE, verify_checkpoint
from patchstream.trainer.run_folder.event_log import EventLog, ResumePoint
from patchstream.trainer.run_folder.json_lines import Entry
from patchstream.trainer.run_folder.process_lock import TRAINER_LOCK, check_nobody_trains, lock_folder
from patchstream.trainer.run_folder.request import TrainingRequest, write_request
from patchstream.trainer.run_folder.run_folder import Damage, damage_of, is_damage_in, is_run_folder, open_run_folder
from patchstream.trainer.run_folder.write_file import make_folder
from patchstream.trainer.service.data_servers import DataAccess, describe_at
from patchstream.trainer.service.engines import TrainingEngines, check_network
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.progress import Progress
from patchstream.trainer.service.running_training import RunningTraining
from patchstream.trainer.spec import RunSpec, parse_run_spec

QUEUED, RUNNING, DONE = "TRAINING_STATE_QUEUED", "TRAINING_STATE_RUNNING", "TRAINING_STATE_DONE"
STOPPED, FAILED = "TRAINING_STATE_STOPPED", "TRAINING_STATE_FAILED"
INTERRUPTED, DAMAGED = "TRAINING_STATE_INTERRUPTED", "TRAINING_STATE_DAMAGED"


@dataclass
class _Usable:
    """A training whose files can be read."""

    id: str
    folder: Path
    spec: RunSpec
    events: EventLog
    request: TrainingRequest
    state: str
    progress: Progress = field(default_factory=Progress)
    is_resuming: bool = False
    """Somebody has asked to resume it, and it is being looked at."""
    running: RunningTraining | None = None
    ended: "asyncio.Future[None] | None" = None
    """Done when it does not run any more."""


@dataclass(frozen=True)
class _Damaged:
    """A training that somebody has to mend, or to remove."""

    id: str
    damage: Damage
    known: _Usable | None


@dataclass(frozen=True, slots=True)
class TrainingsOptions:
    """What trainings are run with."""

    runs_folder: Path
    access: DataAccess
    engines: TrainingEngines
    device: DeviceOptions
    at_once: int
    """Trainings that run side by side."""
    notice: Notice
    """Told in one line of trainings that are damaged when the folder is opened."""
    log: ServiceLog


class Trainings:
    """They run in the order of their start, each in a process of its own, so many at a time; the others wait.

    Of the files in a training's folder this process writes `run.json` and the events, the training's process all
    others. For one event loop.
    """

    def __init__(self, options: TrainingsOptions) -> None:
        """Opens the runs folder, made where there is none. Raises UNAVAILABLE, WRITE_FAILED."""
        self._options = options
        self._usable: dict[str, _Usable] = {}
        self._damaged: dict[str, _Damaged] = {}
        self._queue: list[_Usable] = []
        self._running: list[_Usable] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._last_id_ms = 0
        self._lock = lock_folder(options.runs_folder, TRAINER_LOCK)
        for folder in sorted(options.runs_folder.iterdir()):
            if folder.is_dir():
                self._open(folder)

    async def start(self, run: object, data: Sequence[str]) -> str:
        """Queues a new training of a run spec; its id.

        Once its data servers have described it and its engine has been opened. Raises what is wrong with any of them.
        """
        spec = parse_run_spec(run)
        (info, dataset), _ = await asyncio.gather(
            describe_at(self._options.access, data, spec.data), self._options.engines.check(spec.training.engine)
        )
        training = spec.training
        size = NetworkSize(len(dataset.channel_names), 1, training.network, training.base_features)
        check_control(info.spec, training)
        check_network(network_for(info.spec, size)["kind"])
        self._check_open()
        name = self._new_id()
        folder = self._options.runs_folder / name
        make_folder(folder)
        request = TrainingRequest(tuple(data), cast(Mapping[str, Any], run))
        write_request(folder, request)
        entry = _Usable(name, folder, spec, EventLog(folder, ended=False), request, QUEUED)
        self._usable[name] = entry
        self._enqueue(entry)
        return name

    async def resume(self, name: str, data: Sequence[str]) -> None:
        """Queues a training that has ended, to go on from its last checkpoint.

        What was told of later steps is forgotten. Empty `data`: with the servers of before. Raises what would make it
        fail at once: one that is done or runs, a damaged file, data servers that do not answer or serve another run.
        """
        entry = self._find(name)
        _check_resumable(entry)
        entry.is_resuming = True
        try:
            check_nobody_trains(entry.folder)
            request = TrainingRequest(tuple(data), entry.request.run) if data else entry.request
            point = await self._check_resumption(entry, request)
            self._check_open()
            if data:
                write_request(entry.folder, request)
            entry.request = request
            entry.events.rewind_to(point)
            entry.progress = Progress()
            for event in entry.events.read():
                entry.progress.heard(event)
            self._enqueue(entry)
        except PatchstreamError as error:
            if is_damage_in(error, entry.folder):
                self._set_damaged(_Damaged(name, damage_of(error, entry.folder), entry))
            raise
        finally:
            entry.is_resuming = False

    async def set_stage(self, name: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """A manual stage transition, when it is decided: between two steps. Raises NOT_FOUND where nothing runs."""
        entry = self._find(name)
        if entry.running is not None:
            return await entry.running.set_stage(asked)
        known = [one.id for one in self._usable.values() if one.running is not None]
        facts = {"what": "running training", "name": name, "known": known}
        raise PatchstreamError({"code": "NOT_FOUND", **facts}, f"It is {_word(entry.state)}.")

    async def stop(self, name: str) -> None:
        """Ends a training after the step in progress, or takes it from the queue; returns when it has ended."""
        entry = self._find(name)
        if entry in self._queue:
            self._queue.remove(entry)
            self._end_stopped(entry)
        elif entry.ended is not None and not entry.ended.done():
            if entry.running is not None:
                entry.running.stop()
            await asyncio.shield(entry.ended)

    def follow(self, name: str) -> AsyncGenerator[Entry]:
        """Everything that happened in a training, then what happens, until it ends."""
        return self._find(name).events.follow()

    def place(self, name: str) -> tuple[Path, tuple[str, ...]]:
        """Folder of a training, where its checkpoints lie, and the data servers it was last given."""
        entry = self._find(name)
        return entry.folder, entry.request.data

    def list(self) -> Sequence[Mapping[str, Any]]:
        """Oldest first, in the wire's terms."""
        entries = [_in_short(entry) for entry in self._usable.values()]
        for one in self._damaged.values():
            short = {"id": one.id} if one.known is None else _in_short(one.known)
            entries.append({**short, "state": DAMAGED, "damage": asdict(one.damage)})
        return sorted(entries, key=lambda entry: entry["id"])

    async def close(self) -> None:
        """Ends every training after the step in progress; they can be resumed."""
        self._is_closing = True
        for entry in self._queue:
            self._end_stopped(entry)
        self._queue.clear()
        for entry in self._running:
            if entry.running is not None:
                entry.running.stop()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._lock.release()

    def _open(self, folder: Path) -> None:
        try:
            if not is_run_folder(folder):
                return
            resting = open_run_folder(folder)
            entry = _Usable(folder.name, folder, resting.spec, resting.events, resting.request, resting.state)
            if resting.checkpoint is not None:
                entry.progress.found(resting.checkpoint)
            self._usable[folder.name] = entry
        except (PatchstreamError, OSError) as error:
            damage = damage_of(error, folder)
            self._set_damaged(_Damaged(folder.name, damage, None))
            self._options.notice(f"training {folder.name} is damaged: {damage.file}: {damage.reason}")

    def _set_damaged(self, damaged: _Damaged) -> None:
        self._usable.pop(damaged.id, None)
        self._damaged[damaged.id] = damaged
        self._options.log.write("training-damaged", training=damaged.id, file=Path(damaged.damage.file).name)

    def _find(self, name: str) -> _Usable:
        entry = self._usable.get(name)
        if entry is not None:
            return entry
        if name in self._damaged:
            damage = self._damaged[name].damage
            hint = "Mend it or remove the training's folder, then start the trainer again."
            facts = {"file": damage.file, "reason": damage.reason, "want": "what the trainer wrote there"}
            raise PatchstreamError({"code": "INPUT_DAMAGED", **facts}, hint)
        known = [*self._usable, *self._damaged]
        raise PatchstreamError({"code": "NOT_FOUND", "what": "training", "name": name, "known": known})

    def _new_id(self) -> str:
        """Sorts by time, tells the time, and is no path. Two that are started in one millisecond keep their order."""
        self._last_id_ms = max(int(1e3 * time()), self._last_id_ms + 1)
        at = datetime.fromtimestamp(self._last_id_ms / 1e3, timezone.utc)
        return f"{at:%Y%m%d-%H%M%S}-{self._last_id_ms % 1000:03d}-{secrets.token_hex(2)}"

    def _check_open(self) -> None:
        if self._is_closing:
            facts = {"address": str(self._options.runs_folder), "reason": "the trainer is about to end"}
            raise PatchstreamError({"code": "UNAVAILABLE", **facts})

    async def _check_resumption(self, entry: _Usable, request: TrainingRequest) -> ResumePoint:
        """Where the training would go on."""
        header = await asyncio.to_thread(verify_checkpoint, entry.folder / CHECKPOINT_FILE)
        spec = entry.spec.data if header is None else header.spec
        (info, _), _ = await asyncio.gather(
            describe_at(self._options.access, request.data, spec),
            self._options.engines.check(entry.spec.training.engine),
        )
        check_digest(header, info)
        return ResumePoint(0, 0, 0) if header is None else header.resume_point

    def _enqueue(self, entry: _Usable) -> None:
        self._set_state(entry, QUEUED)
        self._options.log.write("training-queued", training=entry.id)
        self._queue.append(entry)
        self._run_next()

    def _run_next(self) -> None:
        while self._queue and len(self._running) < self._options.at_once and not self._is_closing:
            entry = self._queue.pop(0)
            self._running.append(entry)
            task = asyncio.get_running_loop().create_task(self._run(entry))
            entry.ended = task
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _tell(self, entry: _Usable, event: Entry) -> None:
        """Raises WRITE_FAILED where the event cannot be written down."""
        entry.events.append(event)
        entry.progress.heard(event)

    def _set_state(self, entry: _Usable, state: str, failure: PatchstreamError | None = None) -> None:
        entry.state = state
        why = {"message": ""} if failure is None else {"message": str(failure), "code": failure.code}
        self._tell(entry, {"kind": "state", "state": {"state": state, **why}})

    def _end(self, entry: _Usable, state: str, failure: PatchstreamError | None = None) -> None:
        """Sets the state that a training ends in, also where a full disk cannot take it."""
        try:
            self._set_state(entry, state, failure)
        except PatchstreamError as error:
            self._options.log.write("training-failed", training=entry.id, code=error.code)
        entry.events.end()

    def _end_stopped(self, entry: _Usable) -> None:
        self._end_well(entry, INTERRUPTED if self._is_closing else STOPPED)

    def _end_well(self, entry: _Usable, state: str) -> None:
        self._options.log.write("training-ended", training=entry.id, state=_word(state))
        self._end(entry, state)

    async def _run(self, entry: _Usable) -> None:
        options = self._options
        try:
            self._set_state(entry, RUNNING)
            entry.running = RunningTraining(entry.id, lambda event: self._tell(entry, event), options.log)
            job = {
                "folder": str(entry.folder),
                "data": list(entry.request.data),
                "connection": options.access.connection.as_job(),
                "run": entry.request.run,
                "engine": options.engines.chosen(entry.spec.training.engine),
                "device": asdict(options.device),
            }
            if await entry.running.run(job, options.access.ranks) == "done":
                self._end_well(entry, DONE)
            else:
                self._end_stopped(entry)
        except Exception as cause:
            error = cause if isinstance(cause, PatchstreamError) else received_failure(sent_failure(cause))
            options.log.write("training-failed", training=entry.id, code=error.code)
            self._end(entry, FAILED, error)
            if is_damage_in(error, entry.folder):
                self._set_damaged(_Damaged(entry.id, damage_of(error, entry.folder), entry))
        finally:
            entry.running = None
            self._running.remove(entry)
            self._run_next()


def _check_resumable(entry: _Usable) -> None:
    if entry.state == DONE:
        facts = {"training": entry.id, "state": "is done", "reason": "all of its steps are taken"}
        raise PatchstreamError({"code": "TRAINING_ENDED", **facts})
    if entry.is_resuming or entry.state in (QUEUED, RUNNING):
        hint = "Watch it with: patchstream train --watch ID, or stop it."
        raise PatchstreamError({"code": "ALREADY_EXISTS", "what": "running training", "name": entry.id}, hint)


def _in_short(entry: _Usable) -> Mapping[str, Any]:
    return {
        "id": entry.id,
        "state": entry.state,
        "data": list(entry.request.data),
        "dataset": entry.spec.dataset,
        **entry.progress.in_short(),
    }


def _word(state: str) -> str:
    """A state in a word: done, running, ..."""
    return state.removeprefix("TRAINING_STATE_").lower()
