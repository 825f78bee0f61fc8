"""Who decides a stage, and when it counts: it is on disk before anybody is told."""

from dataclasses import dataclass

from patchstream.errors import PatchstreamError
from patchstream.run_info import RunInfo
from patchstream.trainer.loop.stage_requests import StageRequest
from patchstream.trainer.run_folder.decision_log import DecisionLog
from patchstream.transport.schedule_of_run import schedule_of_run
from patchstream.transport.stage_timeline import StageChanged, StageDecision, StageTimeline


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is."""

    delivered: int
    """The last step that was taken."""
    first_unwanted: int
    """The first step that no server has been asked for."""


def decide_stage(request: StageRequest, position: Position, info: RunInfo, log: DecisionLog) -> StageDecision:
    """Decides one manual transition and answers it: it holds whether or not a data server is told.

    Raises STEP_PASSED, STEP_UNKNOWN, STAGE_UNKNOWN, LIMIT_EXCEEDED for what cannot be decided, and WRITE_FAILED.
    """
    delivered = position.delivered
    from_step = max(position.first_unwanted, delivered + 1) if request.from_step is None else request.from_step
    if from_step <= delivered:
        raise PatchstreamError({"code": "STEP_PASSED", "step": from_step, "delivered": delivered})
    steps, last = info.train.steps, len(info.train.stages) - 1
    if from_step >= steps:
        raise PatchstreamError({"code": "STEP_UNKNOWN", "timeline": "train", "step": from_step, "steps": steps})
    stage = timeline_of(info, log).stage_of(from_step) + 1 if request.stage is None else request.stage
    if stage > last:
        facts = {"code": "STAGE_UNKNOWN", "timeline": "train", "stage": stage, "first": 0, "last": last}
        raise PatchstreamError(facts)
    decision = StageDecision(stage, from_step, "manual", request.hold)
    timeline = timeline_of(info, log)
    timeline.add(decision)
    schedule_from = timeline.resumes(decision, steps)
    log.append([decision])
    request.resolve(StageChanged(stage, from_step, "manual", request.hold, schedule_from=schedule_from))
    return decision


def timeline_of(info: RunInfo, log: DecisionLog) -> StageTimeline:
    """Which stage each step has, by what is decided until now."""
    return StageTimeline(schedule_of_run(info, "train"), log.decisions)
