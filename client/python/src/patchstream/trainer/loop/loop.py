"""Batch by batch as the data servers send them, telling every step.

Between two steps the model, the decisions and the checkpoints agree with each other; that is where stages change and
where it stops. Scheduled transitions need no decision and cost nothing: wants run across them.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

from patchstream.batch import Batch
from patchstream.errors import PatchstreamError
from patchstream.run import Run
from patchstream.trainer.engine.model import Model
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.loop.decide_stage import Position, decide_stage, timeline_of
from patchstream.trainer.loop.learning_rate import poly_learning_rate
from patchstream.trainer.loop.stage_requests import StageRequest, StageRequests
from patchstream.trainer.loop.stopping import Stopping
from patchstream.trainer.loop.training_batch import check_decided, training_batch
from patchstream.trainer.run_folder.decision_log import DecisionLog
from patchstream.trainer.spec import StepSettings, TrainingSpec
from patchstream.transport.stage_timeline import StageDecision


@dataclass(frozen=True, slots=True)
class Loop:
    """What a training's steps are taken with."""

    run: Run
    """At the first step to take, over the decisions of `log`."""
    model: Model
    """With the state that the steps before left behind."""
    settings: TrainingSpec
    log: DecisionLog
    ranks: Ranks
    emit: Callable[[Mapping[str, Any]], None]
    checkpoint: Callable[[int], None]
    """Called at the end of each epoch and of the training with the number of steps taken."""
    requests: StageRequests
    notice: Callable[[str], None]
    """Told in one line what carries the batches."""
    stopping: Stopping


def train(loop: Loop) -> int:
    """Trains to the end of the schedule, or until it shall stop. The number of steps taken in all."""
    run, log = loop.run, loop.log
    epochs = run.info.train.epoch_first_steps
    epoch_ends = {*epochs[1:], run.steps}
    taken = saved = run.step
    stage = carrier = None
    while (batch := _next_batch(loop)) is not None:
        timeline = timeline_of(run.info, log)
        check_decided(batch, timeline.stage_of(batch.step))
        if batch.carrier != carrier:
            carrier = batch.carrier
            loop.notice(f"batches come over {'a lane' if carrier == 'lane' else 'gRPC'} from step {batch.step} on")
        if batch.stage != stage:
            stage = batch.stage
            decided = timeline.decided(batch.step)
            loop.emit({"kind": "stage", "stage": _stage_entered(batch, decided)})
        loop.emit({"kind": "step", "step": _take_step(loop, batch, bisect_right(epochs, batch.step) - 1)})
        taken = batch.step + 1
        _answer_requests(loop, batch.step)
        if taken in epoch_ends:
            loop.checkpoint(taken)
            saved = taken
    facts = {"code": "STEP_UNKNOWN", "timeline": "train", "step": run.steps, "steps": run.steps}
    loop.requests.close(PatchstreamError(facts))
    if saved != taken:
        loop.checkpoint(taken)
    return taken


def _next_batch(loop: Loop) -> Batch | None:
    """None at the end, and where it shall stop. With several ranks all stop before the same step."""
    stopping, run, ranks = loop.stopping, loop.run, loop.ranks
    if ranks.of_first(stopping.is_wanted):
        return None
    if ranks.count > 1:
        return next(run, None)
    try:
        with stopping.ending(run.close):
            batch = next(run, None)
    except PatchstreamError:
        if stopping.is_wanted:
            return None
        raise
    return None if stopping.is_wanted else batch


def _stage_entered(batch: Batch, decided: StageDecision | None) -> Mapping[str, Any]:
    return {
        "stage": batch.stage,
        "fromStep": batch.step,
        "reason": "scheduled" if decided is None else decided.reason,
        "patchSize": list(batch.patch_size),
        "batchSize": batch.global_batch,
    }


def _take_step(loop: Loop, batch: Batch, epoch: int) -> Mapping[str, Any]:
    """One optimiser step on one batch. Raises LOSS_NOT_FINITE before anything is written down."""
    began = perf_counter()
    settings = loop.settings
    learning_rate = poly_learning_rate(settings.learning_rate, epoch, len(loop.run.info.train.epoch_first_steps))
    result = loop.model.step(
        training_batch(batch),
        StepSettings(
            settings.optimizer, learning_rate, settings.momentum, settings.weight_decay, settings.gradient_clip
        ),
    )
    if not isfinite(result.loss) or not isfinite(result.gradient_norm):
        numbers = {"loss": _number(result.loss), "gradientNorm": _number(result.gradient_norm)}
        raise PatchstreamError(
            {"code": "LOSS_NOT_FINITE", "step": batch.step, "stage": batch.stage, **numbers},
            "Try a lower learning rate; the last checkpoint is from before it.",
        )
    return {
        "step": batch.step,
        "stage": batch.stage,
        "epoch": epoch,
        "learningRate": learning_rate,
        "loss": result.loss,
        "crossEntropy": result.cross_entropy,
        "dice": result.dice,
        "gradientNorm": result.gradient_norm,
        "waitedMs": batch.waited_ms,
        "stepMs": 1e3 * (perf_counter() - began),
        "batchBytes": batch.memory.nbytes,
        "checksum": batch.checksum,
    }


def _number(value: float) -> float | str:
    """A number that is not finite travels as JavaScript writes it."""
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _answer_requests(loop: Loop, delivered: int) -> None:
    """The first rank decides. All ranks change to what it has decided before the next step."""
    requests = loop.requests.take() if loop.ranks.rank == 0 else []
    if not loop.ranks.of_first(bool(requests)):
        return
    position = Position(delivered, loop.ranks.largest(loop.run.first_unwanted))
    decided: list[StageDecision] = []
    for request in requests:
        decision = _decided(loop, request, position)
        if decision is not None:
            decided.append(decision)
    for one in loop.ranks.of_first(decided):
        loop.run.change_stage(one.stage, one.from_step, reason=one.reason, hold=one.hold)


def _decided(loop: Loop, request: StageRequest, position: Position) -> StageDecision | None:
    """None for a request that is refused."""
    try:
        return decide_stage(request, position, loop.run.info, loop.log)
    except PatchstreamError as error:
        request.reject(error)
        return None
