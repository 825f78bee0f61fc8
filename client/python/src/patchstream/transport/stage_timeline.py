"""Which stage each step has: by the schedule, and over it by the trainer's decisions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..errors import PatchstreamError

MOST_DECISIONS = 4096
"""Far more decisions than any curriculum has."""


@dataclass(frozen=True, slots=True)
class StageDecision:
    """The trainer's decision that `stage` holds from step `from_step` on.

    With `hold` it holds to the end; without, until the schedule reaches a later stage, which goes on from there.
    """

    stage: int
    from_step: int
    reason: str = ""
    """Why: manual, plateau, ...; at most 200 characters."""
    hold: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict[str, float], compare=False)
    """What it rests on (loss, Dice, ...), by name, for the server's log."""


@dataclass(frozen=True, slots=True)
class StageChanged(StageDecision):
    """A change of stage as it was decided, and what becomes of the schedule."""

    schedule_from: int | None = None
    """The first step at which the schedule goes on; None: it never does."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule that decisions are made over."""

    order: Literal["scheduled", "random"]
    """Stages in order, so that a later one is a higher number, or drawn for each step."""
    stage_of: Callable[[int], int]


class StageTimeline:
    """Gives every step its stage.

    The list of decisions has one writer, the trainer. Everyone with the same list gives every step the same stage.
    """

    def __init__(self, schedule: Schedule, decisions: Iterable[StageDecision] = ()) -> None:
        """Raises LIMIT_EXCEEDED as `add` does."""
        self._schedule = schedule
        # Ascending in `from_step`: a decision ends every earlier one that began at its step or later.
        self._decisions: list[StageDecision] = []
        for decision in decisions:
            self.add(decision)

    @property
    def decisions(self) -> tuple[StageDecision, ...]:
        """Those that still matter, ascending in `from_step`."""
        return tuple(self._decisions)

    def stage_of(self, step: int) -> int:
        """The stage of a step: decided, or else scheduled."""
        decided = self.decided(step)
        return self._schedule.stage_of(step) if decided is None else decided.stage

    def decided(self, step: int) -> StageDecision | None:
        """The decision that a step's stage rests on; None where the schedule holds."""
        newest = next((one for one in reversed(self._decisions) if one.from_step <= step), None)
        return newest if newest is not None and self._holds(newest, step) else None

    def add(self, decision: StageDecision) -> None:
        """Raises LIMIT_EXCEEDED when more decisions still matter than any run makes."""
        kept = [one for one in self._decisions if one.from_step < decision.from_step]
        if len(kept) == MOST_DECISIONS:
            limit = {"limit": "max_stage_decisions", "got": MOST_DECISIONS + 1, "max": MOST_DECISIONS}
            raise PatchstreamError({"code": "LIMIT_EXCEEDED", **limit})
        self._decisions = [*kept, decision]

    def resumes(self, decision: StageDecision, steps: int) -> int | None:
        """The first step before `steps` at which the schedule goes on after `decision`; None where it never does."""
        if self._holds(decision, steps - 1):
            return None
        holding, resumed = decision.from_step, steps - 1
        while resumed - holding > 1:
            middle = (holding + resumed) // 2
            if self._holds(decision, middle):
                holding = middle
            else:
                resumed = middle
        return resumed

    def _holds(self, decision: StageDecision, step: int) -> bool:
        """Whether a decision still covers a step.

        Scheduled stages are numbered in order: the schedule goes on at the first step whose stage is later than both
        the decided one and the one scheduled at `from_step`.
        """
        if decision.hold or self._schedule.order == "random":
            return True
        scheduled = self._schedule.stage_of
        return scheduled(step) <= max(decision.stage, scheduled(decision.from_step))
