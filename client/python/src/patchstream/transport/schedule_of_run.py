"""The schedule that a server describes."""

from bisect import bisect_right

from ..plan import scheduled_stage_of
from ..plan.described import spec_of
from ..run_info import RunInfo
from ..timeline import Timeline
from .stage_timeline import Schedule


def schedule_of_run(info: RunInfo, timeline: Timeline) -> Schedule:
    """Where each step's stage is drawn from the seed, it is drawn here."""
    stages = info.timeline(timeline).stages
    first = [(one.first_step, one.stage) for one in stages if one.first_step is not None]
    if len(first) < len(stages):
        spec = spec_of(info)
        return Schedule("random", lambda step: scheduled_stage_of(spec, timeline, step))
    steps = [step for step, _ in first]

    def stage_of(step: int) -> int:
        # Of stages that begin at the same step all but the last have no step.
        return first[max(0, bisect_right(steps, step) - 1)][1]

    return Schedule("scheduled", stage_of)
