"""What a loader takes its batches from."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from ..transport.decide_stage import RunProgress, StageProposal
from ..transport.stage_timeline import StageDecision
from ..types import StageChanged

T_co = TypeVar("T_co", covariant=True)


class BatchSource(Protocol[T_co]):
    """One rank's batches in step order, each exactly once, across passes."""

    @property
    def step(self) -> int:
        """The step that is handed out next."""
        ...

    @property
    def progress(self) -> RunProgress:
        """Where a change of stage may begin."""
        ...

    @property
    def decisions(self) -> Sequence[StageDecision]:
        """The stage decisions that still matter."""
        ...

    def batches(self, end: int) -> Iterator[T_co]:
        """From `step` to before `end`. A pass that is left early goes on where it was with the next one."""
        ...

    def change_stage(self, proposal: StageProposal) -> StageChanged:
        """Decides a stage."""
        ...

    def seek(self, step: int, decisions: Sequence[StageDecision]) -> None:
        """Goes on at a step, over decisions made before."""
        ...

    def close(self) -> None:
        """Ends streams, and processes where there are some."""
        ...
