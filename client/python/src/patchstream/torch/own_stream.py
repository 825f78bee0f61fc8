"""Batches that this process receives: a thread of the run's receives ahead, without the GIL for most of its time."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from ..batch import Batch
from ..run import Run

T = TypeVar("T")


class OwnStream(Generic[T]):
    """See `BatchSource`."""

    def __init__(self, run: Run, convert: Callable[[Batch], T]) -> None:
        """Takes the run over."""
        self.run = run
        self._convert = convert

    @property
    def first_unwanted(self) -> int:
        """See `BatchSource`."""
        return self.run.first_unwanted

    def batches(self, end: int) -> Iterator[T]:
        """See `BatchSource`."""
        while self.run.step < end:
            yield self._convert(next(self.run))

    def close(self) -> None:
        """See `BatchSource`."""
        self.run.close()
