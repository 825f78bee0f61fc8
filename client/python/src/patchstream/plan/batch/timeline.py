"""What the two timelines of a run have: steps, stages, and the stage of a step.

`train` runs through the curriculum. `val` does not: its step is epoch x val_steps + i, and its only stage has the
number of the last stage.
"""

from patchstream.errors import PatchstreamError
from patchstream.plan.curriculum.schedule import scheduled_stage, step_of_epoch, step_of_stage, total_steps
from patchstream.plan.curriculum.stage import Stage
from patchstream.plan.run_spec.resolved_spec import NNUNET_FOREGROUND_FRACTION, ResolvedSpec
from patchstream.timeline import Timeline


def steps_of(spec: ResolvedSpec, timeline: Timeline) -> int:
    """How many steps a timeline has; they are numbered from 0."""
    return total_steps(spec) if timeline == "train" else spec.epochs * spec.val_steps


def stages_of(spec: ResolvedSpec, timeline: Timeline) -> range:
    """The stages of a timeline."""
    return range(0 if timeline == "train" else len(spec.stages) - 1, len(spec.stages))


def scheduled_stage_of(spec: ResolvedSpec, timeline: Timeline, step: int) -> int:
    """The stage that a step of a timeline has unless the trainer decides otherwise."""
    return scheduled_stage(spec, step) if timeline == "train" else len(spec.stages) - 1


def epoch_first_steps(spec: ResolvedSpec, timeline: Timeline) -> list[int]:
    """The first step of each epoch."""
    return [
        step_of_epoch(spec, epoch) if timeline == "train" else epoch * spec.val_steps for epoch in range(spec.epochs)
    ]


def scheduled_steps(spec: ResolvedSpec, timeline: Timeline, stage: int) -> range | None:
    """The steps scheduled for a stage; None where the stage of each step is drawn."""
    if timeline == "val":
        return range(steps_of(spec, timeline))
    return None if spec.stage_order == "random" else range(step_of_stage(spec, stage), step_of_stage(spec, stage + 1))


def stage_of(spec: ResolvedSpec, timeline: Timeline, stage: int) -> Stage:
    """Patch, batch and foreground share of a timeline's stage.

    A validation batch has the plan's patch and batch size and nnU-Net's foreground share, whatever the curriculum.
    """
    if timeline == "train":
        return spec.stages[stage]
    return Stage(spec.plan.patch_size, spec.plan.batch_size, spec.epochs, NNUNET_FOREGROUND_FRACTION)


def check_address(spec: ResolvedSpec, timeline: Timeline, step: int, stage: int) -> None:
    """Raises STEP_UNKNOWN or STAGE_UNKNOWN for an address that the run does not have."""
    steps, stages = steps_of(spec, timeline), stages_of(spec, timeline)
    if not 0 <= step < steps:
        raise PatchstreamError({"code": "STEP_UNKNOWN", "timeline": timeline, "step": step, "steps": steps})
    if stage not in stages:
        first, last = stages[0], stages[-1]
        raise PatchstreamError(
            {"code": "STAGE_UNKNOWN", "timeline": timeline, "stage": stage, "first": first, "last": last}
        )
