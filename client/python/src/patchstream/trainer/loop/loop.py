"""Batch by batch as the data servers send them, telling every step, and validating at the end of each epoch.

Between two steps the model, the decisions and the checkpoints agree with each other; that is where stages change and
where it stops. Scheduled transitions need no decision and cost nothing: wants run across them.
"""

from collections.abc import Callable, Mapping
from math import isfinite, prod
from time import perf_counter, time_ns
from typing import Any

from patchstream.batch import Batch
from patchstream.errors import PatchstreamError
from patchstream.trainer.engine.model import StepResult
from patchstream.trainer.loop.decisions import timeline_of
from patchstream.trainer.loop.end_of_epoch import Epochs, TrainingState, end_epochs, epochs_before, number
from patchstream.trainer.loop.foreground_of import foreground_of
from patchstream.trainer.loop.learning_rate import poly_learning_rate
from patchstream.trainer.loop.next_batch import next_batch
from patchstream.trainer.loop.training_batch import check_decided, training_batch
from patchstream.trainer.spec import StepSettings
from patchstream.transport.open_tracing import open_tracing
from patchstream.transport.stage_timeline import StageDecision


def train(epochs: Epochs, state: TrainingState, notice: Callable[[str], None]) -> bool:
    """Trains to the end of the schedule; false where it shall stop.

    Then the last checkpoint holds every step taken. `notice` is told in one line what carries the batches.
    """
    decisions = epochs.decisions
    run, log = decisions.run, decisions.log
    # A training that was stopped while it validated goes on with that.
    ended = end_epochs(epochs, state)
    carrier = None
    stage = None if state.taken == 0 else timeline_of(run.info, log).stage_of(state.taken - 1)
    while ended and (batch := next_batch(run, epochs.stopping, decisions.ranks)) is not None:
        timeline = timeline_of(run.info, log)
        check_decided(batch, timeline.stage_of(batch.step))
        if batch.carrier != carrier:
            carrier = batch.carrier
            notice(f"batches come over {'a lane' if carrier == 'lane' else 'gRPC'} from step {batch.step} on")
        if batch.stage != stage:
            stage = batch.stage
            epochs.emit({"kind": "stage", "stage": _stage_entered(batch, timeline.decided(batch.step))})
        _step_on(batch, epochs, state)
        decisions.answer_requests(state.taken)
        ended = end_epochs(epochs, state)
    steps = run.info.train.steps
    facts = {"code": "STEP_UNKNOWN", "timeline": "train", "step": steps, "steps": steps}
    decisions.requests.close(PatchstreamError(facts))
    if state.saved != state.taken:
        epochs.checkpoint(state, False)
    return ended and state.taken == steps


def _stage_entered(batch: Batch, decided: StageDecision | None) -> Mapping[str, Any]:
    return {
        "stage": batch.stage,
        "fromStep": batch.step,
        "reason": "scheduled" if decided is None else decided.reason,
        "patchSize": list(batch.patch_size),
        "batchSize": batch.global_batch,
    }


def _step_on(batch: Batch, epochs: Epochs, state: TrainingState) -> None:
    """Takes the step of `batch`, and tells it. Raises LOSS_NOT_FINITE before anything is written down."""
    began, began_ns = perf_counter(), time_ns()
    info, settings = epochs.info, epochs.settings
    epoch = epochs_before(info, batch.step)
    learning_rate = poly_learning_rate(settings.learning_rate, epoch, info.spec["epochs"])
    tensors = training_batch(batch)
    result = epochs.model.step(
        tensors,
        StepSettings(
            settings.optimizer, learning_rate, settings.momentum, settings.weight_decay, settings.gradient_clip
        ),
    )
    _check_finite(batch, result)
    step_ms = 1e3 * (perf_counter() - began)
    classes = [one.values for one in epochs.classes]
    taken = {
        "step": batch.step,
        "stage": batch.stage,
        "epoch": epoch,
        "learningRate": learning_rate,
        "loss": result.loss,
        "crossEntropy": result.cross_entropy,
        "dice": result.dice,
        "gradientNorm": result.gradient_norm,
        "waitedMs": batch.waited_ms,
        "stepMs": step_ms,
        "batchBytes": batch.memory.nbytes,
        "checksum": batch.checksum,
        # One rank of several has a share of the batch only.
        **(foreground_of(tensors.labels[0], classes) if epochs.decisions.ranks.count == 1 else {}),
    }
    if batch.traceparent is not None:
        _trace_step(batch.traceparent, began_ns, taken)
    state.losses.append(result.loss)
    epochs.emit({"kind": "step", "step": taken})
    state.taken = batch.step + 1
    state.epoch.train_ms += batch.waited_ms + step_ms
    state.epoch.waited_ms += batch.waited_ms
    state.epoch.gradient_norm = result.gradient_norm
    state.time_left.step(batch.stage, batch.global_batch * prod(batch.patch_size), batch.waited_ms + step_ms)


def _trace_step(traceparent: str, began_ns: int, taken: Mapping[str, Any]) -> None:
    """Writes the step down in the trace of its batch."""
    tracing = open_tracing()
    if tracing is not None:
        attributes = {
            "patchstream.step": taken["step"],
            "patchstream.stage": taken["stage"],
            "patchstream.epoch": taken["epoch"],
            "patchstream.waited_ms": taken["waitedMs"],
            "patchstream.loss": taken["loss"],
        }
        tracing.record("patchstream.step", traceparent, began_ns, attributes)


def _check_finite(batch: Batch, result: StepResult) -> None:
    if not isfinite(result.loss) or not isfinite(result.gradient_norm):
        numbers = {"loss": number(result.loss), "gradientNorm": number(result.gradient_norm)}
        raise PatchstreamError(
            {"code": "LOSS_NOT_FINITE", "step": batch.step, "stage": batch.stage, **numbers},
            "Try a lower learning rate; the last checkpoint is from before it.",
        )
