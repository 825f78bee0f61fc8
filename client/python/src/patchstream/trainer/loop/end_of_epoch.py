"""The end of an epoch: validated, told, the next stage decided where the control does, a checkpoint written."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from time import perf_counter
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.run import Run
from patchstream.run_info import RunInfo
from patchstream.trainer.engine.model import Model, ValidationResult
from patchstream.trainer.loop.adaptive import plateau_after
from patchstream.trainer.loop.decisions import Decisions, Emit, timeline_of
from patchstream.trainer.loop.evaluate import EvaluatedClass, named
from patchstream.trainer.loop.learning_rate import poly_learning_rate
from patchstream.trainer.loop.next_batch import next_batch
from patchstream.trainer.loop.pseudo_dice import PseudoDice, pseudo_dice, smoothed
from patchstream.trainer.loop.stopping import Stopping
from patchstream.trainer.loop.time_left import TimeLeft, steps_by_stage
from patchstream.trainer.loop.training_batch import training_batch
from patchstream.trainer.run_folder.progress import Progress
from patchstream.trainer.spec import TrainingSpec


@dataclass(slots=True)
class EpochSteps:
    """What an epoch's steps were like, those before a training was resumed left out."""

    train_ms: float = 0.0
    waited_ms: float = 0.0
    gradient_norm: float = nan
    """Of the last of them."""


@dataclass(slots=True)
class TrainingState:
    """A training between two steps."""

    taken: int
    """Steps taken."""
    saved: int
    """Steps that the last checkpoint holds."""
    progress: Progress
    losses: list[float]
    """Of each step."""
    epoch: EpochSteps = field(default_factory=EpochSteps)
    """Of the epoch that has not ended."""
    time_left: TimeLeft = field(default_factory=TimeLeft)


@dataclass(frozen=True, slots=True)
class Epochs:
    """What epochs are ended with."""

    model: Model
    settings: TrainingSpec
    classes: Sequence[EvaluatedClass]
    validation: Run | None
    """The `val` timeline, at the first step of the epoch that has not ended. None: epochs end without validation."""
    decisions: Decisions
    emit: Emit
    checkpoint: Callable[[TrainingState, bool], None]
    """Called at the end of each epoch and of the training; true: the pseudo Dice is the best so far."""
    stopping: Stopping

    @property
    def info(self) -> RunInfo:
        """The run's."""
        return self.decisions.run.info


@dataclass(frozen=True, slots=True)
class _Validated:
    loss: float
    """Mean over its batches."""
    dice: PseudoDice


def epochs_before(info: RunInfo, step: int) -> int:
    """How many epochs end before `step`: the number of its own epoch, or of all where there is no such step."""
    return bisect_right([*info.train.epoch_first_steps[1:], info.train.steps], step)


def end_epochs(epochs: Epochs, state: TrainingState) -> bool:
    """Ends the epochs whose steps are all taken. False where it shall stop, and one has not ended."""
    while state.progress.epochs < epochs_before(epochs.info, state.taken):
        if not _end_epoch(epochs, state):
            return False
    return True


def _end_epoch(epochs: Epochs, state: TrainingState) -> bool:
    """False where the validation was broken off: nothing has happened then, and the epoch has not ended."""
    info, epoch, taken = epochs.info, state.progress.epochs, state.taken
    first = info.train.epoch_first_steps[epoch]
    if first == taken:
        # With fewer steps than epochs, some have none.
        state.progress = state.progress.ended_without_steps()
        return True
    began = perf_counter()
    validated = None
    if epochs.validation is not None:
        validated = _validate(epochs, epochs.validation, taken)
        if validated is None:
            return False
    validation_ms = 1e3 * (perf_counter() - began)
    timeline = timeline_of(info, epochs.decisions.log)
    stage = timeline.stage_of(taken - 1)
    if validated is not None:
        _check_finite(validated.loss, taken - 1, stage, state.epoch.gradient_norm)
    progress, is_best = _progress_after(state.progress, stage, validated, epochs.settings)
    of_epoch = steps_by_stage(info, timeline, range(first, taken))
    left = steps_by_stage(info, timeline, range(taken, info.train.steps))
    count: int = info.spec["epochs"]
    ended: dict[str, Any] = {
        "epoch": epoch,
        "stepsTaken": taken,
        "loss": sum(state.losses[first:taken]) / (taken - first),
        "pseudoDice": [],
        **({} if validated is None else _validation_fields(validated, progress, epochs.classes)),
        "best": is_best,
        "learningRate": poly_learning_rate(epochs.settings.learning_rate, epoch, count),
        "samples": sum(one.steps * one.samples for one in of_epoch),
        "trainSeconds": state.epoch.train_ms / 1e3,
        "waitedSeconds": state.epoch.waited_ms / 1e3,
        "validationSeconds": validation_ms / 1e3,
        "secondsLeft": state.time_left.seconds(left, count - epoch - 1, validation_ms),
    }
    epochs.emit({"kind": "epoch", "epoch": ended})
    state.progress, state.epoch = progress, EpochSteps()
    if progress.plateau is not None:
        epochs.decisions.advance_where_due(progress.plateau, taken)
    epochs.checkpoint(state, is_best)
    state.saved = taken
    state.time_left.epoch_end(1e3 * (perf_counter() - began))
    return True


def _validate(epochs: Epochs, run: Run, taken: int) -> _Validated | None:
    """At full patch. None where it shall stop before the last batch."""
    steps: int = epochs.info.spec["valSteps"]
    results: list[ValidationResult] = []
    for _ in range(steps):
        batch = next_batch(run, epochs.stopping, epochs.decisions.ranks)
        if batch is None:
            return None
        results.append(epochs.model.validate(training_batch(batch)))
        epochs.decisions.answer_requests(taken)
    loss = sum(result.loss for result in results) / steps
    return _Validated(loss, pseudo_dice([result.counts for result in results]))


def _check_finite(loss: float, step: int, stage: int, gradient_norm: float) -> None:
    """Raises LOSS_NOT_FINITE: what a network makes of its validation batches comes of the last step."""
    if not isfinite(loss):
        facts = {"step": step, "stage": stage, "loss": number(loss), "gradientNorm": number(gradient_norm)}
        raise PatchstreamError(
            {"code": "LOSS_NOT_FINITE", **facts},
            "It is the loss of the validation after this step. Try a lower learning rate; the last checkpoint is from "
            "before it.",
        )


def number(value: float) -> float | str:
    """A number that is not finite travels as JavaScript writes it."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _progress_after(
    before: Progress, stage: int, validated: _Validated | None, settings: TrainingSpec
) -> tuple[Progress, bool]:
    """After one more epoch, whose last step had `stage`; true where its moving average is the highest so far."""
    mean = None if validated is None else validated.dice.mean
    dice = before.smoothed_pseudo_dice if mean is None else smoothed(before.smoothed_pseudo_dice, mean)
    best, control = before.best_pseudo_dice, settings.control
    # Strictly higher, as nnU-Net's `on_epoch_end`.
    is_best = mean is not None and dice is not None and (best is None or dice > best)
    plateau = before.plateau
    if control.kind == "adaptive":
        plateau = plateau_after(plateau, stage, dice, control.min_delta)
    return Progress(before.epochs + 1, dice, dice if is_best else best, plateau), is_best


def _validation_fields(
    validated: _Validated, progress: Progress, classes: Sequence[EvaluatedClass]
) -> Mapping[str, Any]:
    fields = {
        "validationLoss": validated.loss,
        "pseudoDice": named(classes, validated.dice.per_class),
        "meanPseudoDice": validated.dice.mean,
        "smoothedPseudoDice": progress.smoothed_pseudo_dice,
    }
    return {name: value for name, value in fields.items() if value is not None}
