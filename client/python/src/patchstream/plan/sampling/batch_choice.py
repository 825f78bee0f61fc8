"""What a batch strategy decides from."""

from dataclasses import dataclass

import numpy as np

from patchstream.plan.arrays import Integers, Truths
from patchstream.plan.random import DrawPlace, Purpose, draw_integer
from patchstream.timeline import Timeline


@dataclass(frozen=True, slots=True)
class BatchDraw:
    """One batch of a run."""

    seed: int
    timeline: Timeline
    step: int
    batch_size: int
    foreground_count: int
    """How many of its samples are foreground; they are the last ones."""
    case_count: int
    """Cases to choose from."""

    def draw(self, purpose: Purpose, sample: int | Integers, index: int | Integers, count: int | Integers) -> Integers:
        """Integers below `count` for this batch."""
        return draw_integer(DrawPlace(self.seed, self.timeline, self.step, sample), purpose, index, count)

    def samples(self) -> Integers:
        """The numbers of all samples."""
        return np.arange(self.batch_size, dtype=np.int64)

    def is_foreground(self) -> Truths:
        """Of each sample, whether it is forced to foreground."""
        return self.samples() >= self.batch_size - self.foreground_count


def draw_two_cases(batch: BatchDraw) -> tuple[int, int]:
    """Two different cases, as an ordered pair: all n(n-1) of them are equally likely. `case_count` is at least 2."""
    first = int(batch.draw(Purpose.BATCH_CASE, 0, 0, batch.case_count))
    other = int(batch.draw(Purpose.BATCH_CASE, 0, 1, batch.case_count - 1))
    return first, other if other < first else other + 1
