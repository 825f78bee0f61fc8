"""One training from its first or next step to the Dice of its held-out cases."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from patchstream.client import DataClient
from patchstream.dataset_info import DatasetInfo
from patchstream.errors import PatchstreamError
from patchstream.plan.curriculum.schedule import step_of_stage
from patchstream.plan.described import spec_of
from patchstream.run_info import RunInfo
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.trainer.engine.device import Device
from patchstream.trainer.engine.labels import checked_network, label_reading
from patchstream.trainer.engine.model import Model
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.inference.stored_network import whole_images
from patchstream.trainer.loop.evaluate import evaluate_cases
from patchstream.trainer.loop.loop import Loop, train
from patchstream.trainer.loop.mirroring_warning import mirroring_warning
from patchstream.trainer.loop.run_digest import check_digest
from patchstream.trainer.loop.stage_requests import StageRequests
from patchstream.trainer.loop.stopping import Stopping
from patchstream.trainer.networks.describe import NetworkSize, network_for
from patchstream.trainer.run_folder.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    CheckpointHeader,
    read_checkpoint,
    write_checkpoint,
)
from patchstream.trainer.run_folder.decision_log import DecisionLog, decision_entry, decision_of
from patchstream.trainer.run_folder.trained_on import trained_on
from patchstream.trainer.spec import RunSpec

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
    with connect_to(job.data, job.connection) as client:
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
        """Raises SPEC_INVALID for a checkpoint of another run, and for a network that the run cannot have."""
        check_digest(None if checkpoint is None else checkpoint.header, info)
        self._job, self._listener, self._client = job, listener, client
        self._info, self._dataset, self._checkpoint = info, dataset, checkpoint
        self._losses = [] if checkpoint is None else list(checkpoint.losses)
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
        self._log = DecisionLog(job.folder)
        if not self._log.decisions and checkpoint is not None:
            held = map(decision_of, checkpoint.header.fields["decisions"])
            self._log.append([decision for decision in held if decision is not None])

    @property
    def _first_step(self) -> int:
        return 0 if self._checkpoint is None else self._checkpoint.header.step

    def run(self, requests: StageRequests, stopping: Stopping) -> Outcome:
        """Takes all steps, then evaluates."""
        is_first = self._job.ranks.rank == 0
        if is_first:
            self._tell_opened()
        run = self._client.open_run(
            self._info.spec_bytes,
            rank=self._job.ranks.rank,
            ranks=self._job.ranks.count,
            start_step=self._first_step,
            decisions=self._log.decisions,
        )
        with run:
            taken = train(
                Loop(
                    run=run,
                    model=self._model,
                    settings=self._job.run.training,
                    log=self._log,
                    ranks=self._job.ranks,
                    emit=self._emit if is_first else lambda _event: None,
                    checkpoint=self._write_checkpoint if is_first else lambda _steps: None,
                    requests=requests,
                    notice=self._listener.notice,
                    stopping=stopping,
                )
            )
        if taken < self._info.train.steps:
            return "stopped"
        if is_first and self._info.spec["split"]["val"]:
            self._evaluate(stopping)
        return "done"

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
            self._listener.emit({"kind": "warning", "warning": warning})
        resolved = spec_of(self._info)
        opened = {
            "digest": self._info.digest,
            "dataset": spec["dataset"],
            "firstStep": self._first_step,
            "steps": self._info.train.steps,
            "epochs": spec["epochs"],
            "stages": [
                {
                    "patchSize": stage["patchSize"],
                    "batchSize": stage["batchSize"],
                    "fromStep": step_of_stage(resolved, index),
                }
                for index, stage in enumerate(spec["stages"])
            ],
            "engine": self._job.device.name,
            "parameters": self._model.parameter_count,
        }
        self._listener.emit({"kind": "opened", "opened": opened})

    def _emit(self, event: Mapping[str, Any]) -> None:
        if event["kind"] == "step":
            self._losses.append(event["step"]["loss"])
        self._listener.emit(event)

    def _write_checkpoint(self, step: int) -> None:
        self._listener.emitted()  # A checkpoint must never know of a step that the log does not.
        header = CheckpointHeader(
            {
                "step": step,
                "digest": self._info.digest,
                "spec": self._info.spec,
                "network": self._model.network,
                "batchDice": self._batch_dice,
                "labels": self._dataset.labels,
                "trainedOn": trained_on(self._info, self._dataset),
                "decisions": [decision_entry(decision) for decision in self._log.decisions],
            }
        )
        written = Checkpoint(header, self._model.save(), self._losses)
        size = write_checkpoint(self._job.folder / CHECKPOINT_FILE, written)
        body = {"step": step, "bytes": size, "kind": "CHECKPOINT_KIND_LATEST"}
        self._listener.emit({"kind": "checkpoint", "checkpoint": body})

    def _evaluate(self, stopping: Stopping) -> None:
        def between() -> None:
            if stopping.is_wanted:
                raise _Stopped

        images = whole_images(self._model, self._info.spec)
        evaluated = evaluate_cases(
            self._client,
            self._dataset,
            self._info.spec["split"]["val"],
            lambda image: images.logits(image, between),
            lambda body: self._listener.emit({"kind": "caseEvaluated", "caseEvaluated": body}),
        )
        self._listener.emit({"kind": "evaluated", "evaluated": evaluated})
