"""nnU-Net's pseudo Dice (`nnUNetTrainer.on_validation_epoch_end`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from patchstream.trainer.engine.model import HardCounts


@dataclass(frozen=True, slots=True)
class PseudoDice:
    """Dice of each class over all voxels of an epoch's validation batches, and their mean."""

    per_class: Sequence[float | None]
    """0 to 1; None where neither prediction nor label holds the class."""
    mean: float | None
    """Over the classes that have one; None where none has."""


def pseudo_dice(batches: Sequence[Sequence[HardCounts]]) -> PseudoDice:
    """2 tp / (2 tp + fp + fn) of all batches together. `batches`: the counts of each class or region."""
    per_class = [_dice(counts) for counts in zip(*batches, strict=True)]
    known = [dice for dice in per_class if dice is not None]
    return PseudoDice(per_class, sum(known) / len(known) if known else None)


def smoothed(before: float | None, mean: float) -> float:
    """The next moving average: 0.9 of the one before, 0.1 of `mean`; the first is `mean` itself."""
    return mean if before is None else before * 0.9 + 0.1 * mean


def _dice(counts: Sequence[HardCounts]) -> float | None:
    twice = 2 * sum(one.true_positive for one in counts)
    every = twice + sum(one.false_positive + one.false_negative for one in counts)
    return twice / every if every else None
