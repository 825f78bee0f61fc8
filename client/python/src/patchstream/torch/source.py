"""What a loader takes its batches from: streams of this process, or of workers."""

from collections.abc import Iterator
from typing import Protocol, TypeVar

from ..run import Run

T_co = TypeVar("T_co", covariant=True)


class BatchSource(Protocol[T_co]):
    """One rank's batches in step order, each exactly once, from pass to pass."""

    @property
    def run(self) -> Run:
        """Where the steps and the stage decisions are held."""
        ...

    @property
    def first_unwanted(self) -> int:
        """The first step that nobody has been asked for: a stage from there on throws nothing away."""
        ...

    def batches(self, end: int) -> Iterator[T_co]:
        """From `run.step` to before `end`. A pass that is left early goes on with the next one."""
        ...

    def close(self) -> None:
        """Ends streams, and processes where there are some."""
        ...
