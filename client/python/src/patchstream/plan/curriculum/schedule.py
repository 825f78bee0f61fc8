"""Which steps a stage has, unless the trainer says otherwise."""

import math

import numpy as np

from patchstream.plan.arrays import Integers
from patchstream.plan.random import DrawPlace, Purpose, draw_integer
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec


def step_of_epoch(spec: ResolvedSpec, epoch: int) -> int:
    """First step of an epoch; `steps_per_epoch` may be fractional (a training of 1 % has 2.5)."""
    return math.floor(epoch * spec.steps_per_epoch)


def total_steps(spec: ResolvedSpec) -> int:
    """How many steps the whole training has; they are numbered from 0."""
    return step_of_epoch(spec, spec.epochs)


def step_of_stage(spec: ResolvedSpec, stage: int) -> int:
    """First scheduled step of a stage. In random order it has none: the answer is where its epochs would begin."""
    return step_of_epoch(spec, sum(one.epochs for one in spec.stages[:stage]))


def scheduled_stages(spec: ResolvedSpec, steps: Integers) -> Integers:
    """The stage that each step has unless the trainer says otherwise.

    `scheduled`: stages in order, each for its epochs; steps past the end belong to the last one. `random` (RPSS):
    uniform over the stages, drawn from the seed for each step.
    """
    if spec.stage_order == "random":
        place = DrawPlace(spec.seed, "train", step=steps)
        return draw_integer(place, Purpose.STAGE, 0, len(spec.stages))
    ends = np.array([step_of_stage(spec, stage + 1) for stage in range(len(spec.stages) - 1)], dtype=np.int64)
    return np.searchsorted(ends, steps, side="right").astype(np.int64)


def scheduled_stage(spec: ResolvedSpec, step: int) -> int:
    """The stage that one step has unless the trainer says otherwise."""
    return int(scheduled_stages(spec, np.array([step], dtype=np.int64))[0])
