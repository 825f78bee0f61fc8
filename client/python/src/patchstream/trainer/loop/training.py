"""One training from its first or next step to the Dice of its held-out cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from patchstream.client import DataClient
from patchstream.dataset_info import DatasetCase, DatasetInfo
from patchstream.errors import PatchstreamError
from patchstream.plan.curriculum.schedule import step_of_stage
from patchstream.plan.described import spec_of
from patchstream.run import Run
from patchstream.run_info import RunInfo
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.trainer.engine.device import Device
from patchstream.trainer.engine.labels import checked_network, label_reading
from patchstream.trainer.engine.model import Model
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.inference.stored_network import label_image, labelling_network
from patchstream.trainer.loop.check_control import check_control, is_validated
from patchstream.trainer.loop.decisions import Decisions, decide_beginning, tell_decided
from patchstream.trainer.loop.end_of_epoch import Epochs, TrainingState
from patchstream.trainer.loop.evaluate import evaluate_cases, evaluated_classes, stored_case
from patchstream.trainer.loop.loop import train
from patchstream.trainer.loop.mirroring_warning import mirroring_warning
from patchstream.trainer.loop.same_training import check_digest, check_optimiser
from patchstream.trainer.loop.stage_requests import StageRequests
from patchstream.trainer.loop.stopping import Stopping
from patchstream.trainer.loop.tell_fleet import telling_fleet
from patchstream.trainer.networks.cost import step_flops
from patchstream.trainer.networks.describe import NetworkSize, network_for
from patchstream.trainer.run_folder.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    CheckpointHeader,
    read_checkpoint,
    write_checkpoint,
)
from patchstream.trainer.run_folder.decision_log import (
    DecisionLog,
    LoggedDecision,
    decision_entry,
    decision_of,
    open_decision_log,
)
from patchstream.trainer.run_folder.held_out import HeldOut
from patchstream.trainer.run_folder.progress import Progress, progress_fields
from patchstream.trainer.run_folder.trained_on import trained_on
from patchstream.trainer.run_folder.training_log import TrainingLog
from patchstream.trainer.spec import RunSpec
from patchstream.wire.stream import Timeline

VALIDATION_CREDIT = 4
"""Validation batches wanted ahead."""

Outcome = Literal["done", "stopped"]


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What one training is, and with what it is trained."""

    folder: Path
    """The training's own folder. Its checkpoint and its decisions are written here, by nobody else."""
    data: tuple[str, ...]
    """Addresses of data servers of one store."""
    connection: DataConnection
    run: RunSpec
    device: Device
    ranks: Ranks


class Listener(Protocol):
    """Who is told what happens."""

    def emit(self, event: Mapping[str, Any]) -> None:
        """Tells an event."""
        ...

    def fleet(self, fields: Mapping[str, Any]) -> None:
        """Tells how the data servers do, in the wire's terms."""
        ...

    def emitted(self) -> None:
        """Returns when everything that was emitted is in the training's log."""
        ...

    def notice(self, line: str) -> None:
        """Tells a person in one line what nobody asked for."""
        ...


class _Stopped(Exception):
    """It shall end, and nothing is lost."""


def run_training(job: TrainingJob, listener: Listener, requests: StageRequests, stopping: Stopping) -> Outcome:
    """Whatever it needs is opened and closed again. When it was stopped the checkpoint holds every step taken."""
    checkpoint = read_checkpoint(job.folder / CHECKPOINT_FILE)
    with connect_to(job.data, job.connection) as client, telling_fleet(client, listener.fleet):
        try:
            with stopping.ending(client.close):
                info = client.describe_run(
                    job.run.data if checkpoint is None else checkpoint.header.spec, ranks=job.ranks.count
                )
                dataset = client.describe_dataset()
        except PatchstreamError:
            if stopping.is_wanted:
                return "stopped"
            raise
        try:
            return _Training(job, listener, client, info, dataset, checkpoint).run(requests, stopping)
        except _Stopped:
            return "stopped"


class _Training:
    """A training whose run is described."""

    def __init__(
        self,
        job: TrainingJob,
        listener: Listener,
        client: DataClient,
        info: RunInfo,
        dataset: DatasetInfo,
        checkpoint: Checkpoint | None,
    ) -> None:
        """Raises SPEC_INVALID for another run or optimiser than the checkpoint's, and a network that cannot be."""
        header = None if checkpoint is None else checkpoint.header
        check_optimiser(header, job.run.training.optimizer)
        check_digest(header, info)
        check_control(info.spec, job.run.training)
        self._job, self._listener, self._client = job, listener, client
        self._info, self._dataset, self._checkpoint = info, dataset, checkpoint
        self._is_first = job.ranks.rank == 0
        self._training_log = TrainingLog(job.folder) if self._is_first else None
        settings, reading = job.run.training, label_reading(dataset)
        size = NetworkSize(len(dataset.channel_names), reading.outputs, settings.network, settings.base_features)
        network = network_for(info.spec, size) if checkpoint is None else checkpoint.header.network
        self._batch_dice = self._choose_batch_dice()
        self._model = Model(
            checked_network(network, reading),
            reading,
            batch_dice=self._batch_dice,
            device=job.device,
            ranks=job.ranks,
        )
        if checkpoint is None:
            self._model.begin(settings.seed)
        else:
            self._model.load(checkpoint.model)

    def run(self, requests: StageRequests, stopping: Stopping) -> Outcome:
        """Takes all steps, then evaluates."""
        if self._is_first:
            self._tell_opened()
        self._log = log = self._opened_log()
        state = self._state()
        with self._open("train", state.taken, log.decisions) as run:
            decisions = Decisions(run, self._job.run.training.control, log, self._job.ranks, self._emit, requests)
            validation = self._validation(state.progress.epochs)
            try:
                epochs = Epochs(
                    model=self._model,
                    settings=self._job.run.training,
                    classes=evaluated_classes(self._dataset),
                    validation=validation,
                    decisions=decisions,
                    emit=self._emit,
                    checkpoint=self._write_checkpoint,
                    stopping=stopping,
                )
                is_done = train(epochs, state, self._listener.notice)
            finally:
                if validation is not None:
                    validation.close()
        if not is_done:
            return "stopped"
        if self._is_first and self._info.spec["split"]["val"]:
            self._evaluate(stopping)
        return "done"

    def _state(self) -> TrainingState:
        checkpoint = self._checkpoint
        if checkpoint is None:
            return TrainingState(0, 0, Progress(0), [])
        step = checkpoint.header.step
        return TrainingState(step, step, checkpoint.header.progress, list(checkpoint.losses))

    def _open(self, timeline: Timeline, step: int, decisions: Iterable[LoggedDecision] = ()) -> Run:
        ranks = self._job.ranks
        credit = {} if timeline == "train" else {"credit_batches": VALIDATION_CREDIT}
        return self._client.open_run(
            self._info.spec_bytes,
            timeline=timeline,
            rank=ranks.rank,
            ranks=ranks.count,
            start_step=step,
            decisions=decisions,
            **credit,
        )

    def _validation(self, epochs: int) -> Run | None:
        if not is_validated(self._info.spec, self._job.run.training):
            return None
        return self._open("val", epochs * self._info.spec["valSteps"])

    def _opened_log(self) -> DecisionLog:
        """The decisions until now; the first rank alone writes them down."""
        ranks = self._job.ranks
        if not self._is_first:
            nothing: tuple[LoggedDecision, ...] = ()
            return DecisionLog(None, ranks.of_first(nothing))
        log = open_decision_log(self._job.folder)
        known = self._known_decisions()
        if not log.decisions:
            log.append(known)
        # Those of steps that are taken again were told, and forgotten with them.
        for decision in log.decisions[len(known) :]:
            tell_decided(decision, self._emit)
        decide_beginning(self._job.run.training.control, log, self._emit)
        ranks.of_first(log.decisions)
        return log

    def _known_decisions(self) -> list[LoggedDecision]:
        if self._checkpoint is None:
            return []
        held = map(decision_of, self._checkpoint.header.fields["decisions"])
        return [decision for decision in held if decision is not None]

    def _choose_batch_dice(self) -> bool:
        """Whether the Dice loss sums over the batch."""
        held = None if self._checkpoint is None else self._checkpoint.header.fields.get("batchDice")
        for choice in (held, self._job.run.training.batch_dice, self._dataset.batch_dice):
            if choice is not None:
                return choice
        return False

    def _tell_opened(self) -> None:
        spec, dataset = self._info.spec, self._dataset
        warning = mirroring_warning(spec["augmentation"], dataset.labels)
        if warning is not None:
            self._emit({"kind": "warning", "warning": warning})
        resolved = spec_of(self._info)
        opened = {
            "digest": self._info.digest,
            "dataset": spec["dataset"],
            "firstStep": self._state().taken,
            "steps": self._info.train.steps,
            "epochs": spec["epochs"],
            "stages": [
                {
                    "patchSize": stage["patchSize"],
                    "batchSize": stage["batchSize"],
                    "fromStep": step_of_stage(resolved, index),
                    "flops": step_flops(self._model.network, stage["patchSize"], stage["batchSize"]),
                }
                for index, stage in enumerate(spec["stages"])
            ],
            "engine": self._job.device.name,
            "parameters": self._model.parameter_count,
        }
        self._emit({"kind": "opened", "opened": opened})

    def _emit(self, event: Mapping[str, Any]) -> None:
        if self._training_log is not None:
            self._training_log.add(event)
            self._listener.emit(event)

    def _write_checkpoint(self, state: TrainingState, is_best: bool) -> None:
        if not self._is_first:
            return
        self._listener.emitted()  # A checkpoint must never know of a step that the log does not.
        header = CheckpointHeader(
            {
                "step": state.taken,
                "digest": self._info.digest,
                "spec": self._info.spec,
                "network": self._model.network,
                "batchDice": self._batch_dice,
                "labels": self._dataset.labels,
                "trainedOn": trained_on(self._info, self._dataset),
                "decisions": [decision_entry(decision) for decision in self._log.decisions],
                "progress": progress_fields(state.progress),
            }
        )
        written = Checkpoint(header, self._model.save(), state.losses)
        size = write_checkpoint(self._job.folder, written, is_best=is_best)
        for kind in ("BEST", "LATEST") if is_best else ("LATEST",):
            body = {"step": state.taken, "bytes": size, "kind": f"CHECKPOINT_KIND_{kind}"}
            self._emit({"kind": "checkpoint", "checkpoint": body})

    def _evaluate(self, stopping: Stopping) -> None:
        def between() -> None:
            if stopping.is_wanted:
                raise _Stopped

        network = labelling_network(self._model, self._info.spec)
        cases = self._info.spec["split"]["val"]
        is_kept = all(stored_case(self._dataset, case).geometry.label_header for case in cases)
        if not is_kept:
            self._listener.notice(
                "held-out labels are not kept: the data server is of an older version and does not say where they lie"
            )
        about = trained_on(self._info, self._dataset)
        held_out = HeldOut(self._job.folder, about, self._model.save()) if is_kept else None

        def keep(case: DatasetCase, label: NDArray[np.integer]) -> str:
            return "" if held_out is None else str(held_out.keep(case.id, case.geometry.label_header, label))

        evaluated, summary = evaluate_cases(
            self._client,
            self._dataset,
            cases,
            lambda image, geometry, export: label_image([network], image, geometry, export, between),
            keep,
            lambda body: self._emit({"kind": "caseEvaluated", "caseEvaluated": body}),
        )
        if held_out is not None:
            held_out.end(summary)
        self._emit({"kind": "evaluated", "evaluated": evaluated})
