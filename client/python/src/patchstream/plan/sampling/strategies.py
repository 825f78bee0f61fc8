"""The strategies: which case gives each sample of the global batch, as indices of the cases to choose from."""

from collections.abc import Callable, Mapping

import numpy as np

from patchstream.plan.arrays import Integers
from patchstream.plan.random import Purpose
from patchstream.plan.run_spec.resolved_spec import Strategy
from patchstream.plan.sampling.batch_choice import BatchDraw, draw_two_cases


def choose_cases(strategy: Strategy, batch: BatchDraw) -> Integers:
    """The case of each sample (batch_size)."""
    return _STRATEGIES[strategy](batch)


def _nnunet(batch: BatchDraw) -> Integers:
    """nnU-Net's own batch: the case of each sample is drawn by itself, uniform and with replacement."""
    return batch.draw(Purpose.SAMPLE_CASE, batch.samples(), 0, batch.case_count)


def _single_volume(batch: BatchDraw) -> Integers:
    """One patient gives all patches (paper, Appendix A: overfits; kept for comparison)."""
    return np.full(batch.batch_size, batch.draw(Purpose.BATCH_CASE, 0, 0, batch.case_count))


def _multi_crop(batch: BatchDraw) -> Integers:
    """Two different patients take turns, so that each gives foreground and random patches (paper, Appendix A)."""
    first, second = draw_two_cases(batch)
    return np.where(batch.samples() % 2 == 0, first, second)


def _split_crop(batch: BatchDraw) -> Integers:
    """Two different patients: the first gives all foreground patches, the second all others (paper, Appendix A)."""
    foreground_case, random_case = draw_two_cases(batch)
    return np.where(batch.is_foreground(), foreground_case, random_case)


def _single_crop(batch: BatchDraw) -> Integers:
    """One patch per patient (paper, Appendix A): cases are taken in random order without replacement.

    A batch larger than the case count goes on with a new order, so that the numbers of patches of two cases differ by
    at most one.
    """
    rounds = -(-batch.batch_size // batch.case_count)
    return np.concatenate([_draw_order(batch, turn) for turn in range(rounds)])[: batch.batch_size]


def _draw_order(batch: BatchDraw, turn: int) -> Integers:
    """A uniform order of all cases (Fisher and Yates)."""
    lasts = np.arange(batch.case_count - 1, 0, -1)
    chosen = batch.draw(Purpose.CASE_ORDER, turn, lasts, lasts + 1)
    order = list(range(batch.case_count))
    for last, other in zip(lasts.tolist(), chosen.tolist(), strict=True):
        order[last], order[other] = order[other], order[last]
    return np.array(order)


_STRATEGIES: Mapping[Strategy, Callable[[BatchDraw], Integers]] = {
    "nnunet": _nnunet,
    "single-volume": _single_volume,
    "multi-crop": _multi_crop,
    "split-crop": _split_crop,
    "single-crop": _single_crop,
}
