"""All steps from the first undelivered to the first unwanted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from .tracing import WantSpan

Batch = TypeVar("Batch")


@dataclass(slots=True)
class WantedStep(Generic[Batch]):
    """A step that is wanted and not delivered."""

    step: int
    stage: int
    batch: Batch | None = None
    damaged_times: int = 0
    span: "WantSpan | None" = None
    """From when it was first asked for at its stage, where it is traced."""


@dataclass(frozen=True, slots=True)
class Credit:
    """How far ahead batches are wanted; one is always allowed."""

    batches: int
    bytes: int


class WantedSteps(Generic[Batch]):
    """As many steps of a run as the credit reaches, in batches and in bytes."""

    def __init__(
        self, steps: range, credit: Credit, *, stage_of: Callable[[int], int], bytes_of: Callable[[int], int]
    ) -> None:
        """`steps`: those that are delivered, ascending; `bytes_of`: a batch of a stage."""
        self._steps = steps
        self._credit = credit
        self._stage_of = stage_of
        self._bytes_of = bytes_of
        self._delivered = 0
        self._wanted: dict[int, WantedStep[Batch]] = {}  # in step order
        self._extend()

    @property
    def first_undelivered(self) -> int:
        """The step that is handed out next; past the last one where all have been."""
        return self._steps.start + self._delivered * self._steps.step

    @property
    def first_unwanted(self) -> int:
        """The first step that no server has been asked for."""
        return self._steps.start + (self._delivered + len(self._wanted)) * self._steps.step

    @property
    def is_over(self) -> bool:
        """True when every step has been delivered."""
        return self._delivered == len(self._steps)

    def get(self, step: int) -> WantedStep[Batch] | None:
        """None for a step that is not wanted."""
        return self._wanted.get(step)

    def missing(self) -> Iterator[WantedStep[Batch]]:
        """Steps whose batch has not come, lowest first."""
        return (wanted for wanted in list(self._wanted.values()) if wanted.batch is None)

    def deliver(self) -> Batch | None:
        """The batch of the first undelivered step, which is delivered by this; None where it has not come."""
        wanted = self._wanted.get(self.first_undelivered)
        if wanted is None or wanted.batch is None:
            return None
        del self._wanted[wanted.step]
        self._delivered += 1
        self._extend()
        return wanted.batch

    def restage(self) -> None:
        """After a decision: what has come for another stage is dropped, and so is what the credit does not reach at the
        new sizes.
        """
        total = 0
        for wanted in list(self._wanted.values()):
            stage = self._stage_of(wanted.step)
            total += self._bytes_of(stage)
            is_other = stage != wanted.stage
            is_beyond = total > self._credit.bytes and wanted.step > self.first_undelivered
            if wanted.span is not None and (is_other or is_beyond):
                wanted.span.taken_back()
                wanted.span = None
            if is_other:
                wanted.batch = None
            wanted.stage = stage
            if is_beyond:
                del self._wanted[wanted.step]
        self._extend()

    def drop(self) -> None:
        """Lets go of what has come: nothing more is delivered."""
        for wanted in self._wanted.values():
            wanted.batch = None

    def _extend(self) -> None:
        """Wants steps ahead as far as the credit reaches; one step at least."""
        total = sum(self._bytes_of(wanted.stage) for wanted in self._wanted.values())
        while self._delivered + len(self._wanted) < len(self._steps):
            step = self.first_unwanted
            stage = self._stage_of(step)
            total += self._bytes_of(stage)
            if self._wanted and (len(self._wanted) >= self._credit.batches or total > self._credit.bytes):
                return
            self._wanted[step] = WantedStep(step, stage)
