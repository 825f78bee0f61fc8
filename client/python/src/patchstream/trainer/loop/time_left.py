"""What each stage and the end of an epoch have cost in this process, and what the rest will. Nothing rests on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchstream.run_info import RunInfo, RunStage
from patchstream.transport.stage_timeline import StageTimeline


@dataclass(frozen=True, slots=True)
class StageSteps:
    """Steps of a stage."""

    stage: int
    steps: int
    samples: int
    """Of each."""
    voxels: int
    """Of each, one channel."""


@dataclass(slots=True)
class _Cost:
    steps: int
    ms: float
    voxels: int
    first_ms: float
    """Of its first step in this process, for which libraries prepare."""


class TimeLeft:
    """Told of every step and of every epoch's end."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._stages: dict[int, _Cost] = {}
        self._epochs = 0
        self._epoch_end_ms = 0.0

    def step(self, stage: int, voxels: int, ms: float) -> None:
        """A step took `ms`, waiting included."""
        cost = self._stages.get(stage)
        if cost is None:
            self._stages[stage] = _Cost(0, 0.0, voxels, ms)
        else:
            cost.steps += 1
            cost.ms += ms

    def epoch_end(self, ms: float) -> None:
        """The end of an epoch, its validation and its checkpoint, took `ms`."""
        self._epochs += 1
        self._epoch_end_ms += ms

    def seconds(self, left: Sequence[StageSteps], epochs: int, epoch_end_ms: float) -> float:
        """For the steps and the ends of the epochs that are left.

        An end costs `epoch_end_ms` where none has ended yet, a step what its stage's steps have cost; of a stage that
        was not seen yet, as much a voxel as the others'.
        """
        known = [(one.steps, one.ms, one.voxels) if one.steps else (1, one.first_ms, one.voxels) for one in self._costs]
        voxels = sum(steps * size for steps, _, size in known)
        per_voxel = sum(ms for _, ms, _ in known) / max(1, voxels)
        steps_ms = sum(one.steps * self._step_ms(one, per_voxel) for one in left)
        end_ms = epoch_end_ms if self._epochs == 0 else self._epoch_end_ms / self._epochs
        return (steps_ms + epochs * end_ms) / 1e3

    @property
    def _costs(self) -> Sequence[_Cost]:
        return list(self._stages.values())

    def _step_ms(self, left: StageSteps, per_voxel: float) -> float:
        seen = self._stages.get(left.stage)
        return seen.ms / seen.steps if seen is not None and seen.steps else per_voxel * left.voxels


def steps_by_stage(info: RunInfo, timeline: StageTimeline, steps: range) -> list[StageSteps]:
    """Steps by stage, as far as it is decided."""
    counts: dict[int, int] = {}
    for step in steps:
        stage = timeline.stage_of(step)
        counts[stage] = counts.get(stage, 0) + 1
    return [_of_stage(info.train.stages[stage], count) for stage, count in counts.items()]


def _of_stage(stage: RunStage, steps: int) -> StageSteps:
    z, y, x = stage.patch_size
    return StageSteps(stage.stage, steps, stage.batch_size, stage.batch_size * z * y * x)
