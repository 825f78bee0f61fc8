"""What a proposal of a stage amounts to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import PatchstreamError, refuse_request
from ..given import are_finite, integer, whole
from ..run_info import RunTimeline
from ..timeline import Timeline
from .stage_timeline import StageChanged, StageDecision, StageTimeline

LONGEST_REASON = 200
"""Of a decision, in characters."""
MOST_METRICS = 64


@dataclass(frozen=True, slots=True)
class StageProposal:
    """A change of stage as it is asked for."""

    stage: int
    from_step: int | None = None
    """Default: the first step not wanted yet."""
    reason: str = ""
    hold: bool = False
    immediate: bool = False
    """From the first step not delivered yet, where `from_step` names none."""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is: a change may begin at the first step not delivered, or later."""

    first_undelivered: int
    first_unwanted: int


def decide_stage(proposal: StageProposal, progress: RunProgress) -> StageDecision:
    """The decision that a proposal amounts to.

    Raises STEP_PASSED for a step that was delivered, REQUEST_INVALID for what is none, a reason that is too long, and
    metrics that are no finite numbers.
    """
    if len(proposal.reason) > LONGEST_REASON:
        raise refuse_request("reason", f"{len(proposal.reason)} characters", f"at most {LONGEST_REASON}")
    if len(proposal.metrics) > MOST_METRICS or not are_finite(proposal.metrics):
        raise refuse_request("metrics", dict(proposal.metrics), f"at most {MOST_METRICS} finite numbers")
    stage = integer("stage", proposal.stage)
    from_step = whole("from_step", _first_step(proposal, progress))
    if from_step < progress.first_undelivered:
        facts = {"code": "STEP_PASSED", "step": from_step, "delivered": progress.first_undelivered - 1}
        raise PatchstreamError(facts, f"Name step {progress.first_undelivered} or a later one.")
    return StageDecision(stage, from_step, proposal.reason, proposal.hold, dict(proposal.metrics))


def _first_step(proposal: StageProposal, progress: RunProgress) -> int:
    if proposal.from_step is not None:
        return proposal.from_step
    return progress.first_undelivered if proposal.immediate else progress.first_unwanted


def check_stage(described: RunTimeline, stage: int, timeline: Timeline) -> None:
    """Raises STAGE_UNKNOWN for a stage that the timeline does not have."""
    first, last = described.stages[0].stage, described.stages[-1].stage
    number = integer("stage", stage)
    if not first <= number <= last:
        facts = {"code": "STAGE_UNKNOWN", "timeline": timeline, "stage": number, "first": first, "last": last}
        raise PatchstreamError(facts)


def change_stage(
    stages: StageTimeline, proposal: StageProposal, progress: RunProgress, *, timeline: Timeline, described: RunTimeline
) -> StageChanged:
    """Decides, and adds the decision to `stages`.

    Raises STAGE_UNKNOWN for a stage that the timeline does not have, and as `decide_stage`.
    """
    check_stage(described, proposal.stage, timeline)
    decision = decide_stage(proposal, progress)
    stages.add(decision)
    is_in_the_run = decision.from_step < described.steps
    return StageChanged(
        stage=decision.stage,
        from_step=decision.from_step,
        reason=decision.reason,
        hold=decision.hold,
        metrics=decision.metrics,
        schedule_from=stages.resumes(decision, described.steps) if is_in_the_run else None,
    )
