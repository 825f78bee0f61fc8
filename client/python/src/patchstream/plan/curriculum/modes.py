"""The modes: curricula of the paper (the first four), and of MICCAI 2024."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from patchstream.errors import refuse
from patchstream.plan.curriculum.growth import grow_patches, grow_patches_in_turn
from patchstream.plan.curriculum.rounding import Rounding, round_batch
from patchstream.plan.curriculum.stage import NetworkPlan, Stage
from patchstream.zyx import Zyx, voxel_count

Mode = Literal["constant", "efficiency", "performance", "progressive-resolution", "pgps", "pgps-plus", "rpss"]
MODES: tuple[Mode, ...] = get_args(Mode)

ForegroundShare = float | tuple[float, float]
"""One share for all stages, or one that moves evenly from the first stage's to the last one's (as in CASED)."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    """A stage without what all modes share: its epochs and foreground share."""

    patch_size: Zyx
    batch_size: int
    crop_size: Zyx | None = None


@dataclass(frozen=True, slots=True)
class _Options:
    plan: NetworkPlan
    budget_fraction: float
    rounding: Rounding


def plan_stages(
    plan: NetworkPlan,
    mode: Mode,
    *,
    epochs: int,
    foreground_fraction: ForegroundShare,
    budget_fraction: float = 1,
    rounding: Rounding = "floor",
) -> tuple[Stage, ...]:
    """The stages of a mode, in order. Raises SPEC_INVALID when there are fewer epochs than stages.

    `budget_fraction` says how `performance` fills its budget: 1 fills it, 0 is `efficiency`.
    """
    sizes = _SIZES[mode](_Options(plan, budget_fraction, rounding))
    shares = split_epochs(epochs, len(sizes))
    return tuple(
        Stage(
            patch_size=size.patch_size,
            batch_size=size.batch_size,
            epochs=shares[index],
            foreground_fraction=_foreground_fraction_of(foreground_fraction, index, len(sizes)),
            crop_size=size.crop_size,
        )
        for index, size in enumerate(sizes)
    )


def split_epochs(epochs: int, stages: int) -> list[int]:
    """Epochs of each of `stages` stages: floor(epochs / stages), and the last one has what is left over."""
    if epochs < stages:
        raise refuse("data.epochs", epochs, f"at least {stages}, one epoch for each of the {stages} stages")
    each = epochs // stages
    return [each] * (stages - 1) + [epochs - each * (stages - 1)]


def _constant(options: _Options) -> list[_Sizes]:
    """nnU-Net without a curriculum (the paper's CPS)."""
    return [_Sizes(options.plan.patch_size, options.plan.batch_size)]


def _efficiency(options: _Options) -> list[_Sizes]:
    """PGPS-Efficiency: the patch grows, the batch stays (paper, 2.3 and 2.4.2)."""
    return [_Sizes(patch_size, options.plan.batch_size) for patch_size in grow_patches(options.plan)]


def _performance(options: _Options) -> list[_Sizes]:
    """PGPS-Performance: the patch grows, the batch fills the voxels of the plan's own batch (paper, 2.3 and 2.4.2).

    Or the share `budget_fraction` of what `efficiency` leaves free of them; the paper's fraction is 1.
    """
    base = options.plan.batch_size
    budget = base * voxel_count(options.plan.patch_size)

    def sized(patch_size: Zyx) -> _Sizes:
        used = base * voxel_count(patch_size)
        fitting = (used + options.budget_fraction * (budget - used)) / voxel_count(patch_size)
        return _Sizes(patch_size, round_batch(options.rounding, fitting, base))

    return [sized(patch_size) for patch_size in grow_patches(options.plan)]


def _progressive_resolution(options: _Options) -> list[_Sizes]:
    """Progressive Resolution: the plan's patch is cut and resampled to a growing size (paper, 3.4)."""
    plan = options.plan
    return [_Sizes(patch_size, plan.batch_size, crop_size=plan.patch_size) for patch_size in grow_patches(plan)]


def _pgps(options: _Options) -> list[_Sizes]:
    """PGPS of MICCAI 2024; RPSS draws from the same stages."""
    return [_Sizes(patch_size, options.plan.batch_size) for patch_size in grow_patches_in_turn(options.plan)]


def _pgps_plus(options: _Options) -> list[_Sizes]:
    """PGPS+ of MICCAI 2024.

    Its batches are made backwards from 2 at the last stage, whatever the plan's batch; each fills the voxels of the one
    after it, rounded down, and is then raised to the plan's.
    """
    batch, following = 2, options.plan.patch_size
    sizes: list[_Sizes] = []
    for patch_size in reversed(grow_patches_in_turn(options.plan)):
        batch = math.floor(voxel_count(following) / voxel_count(patch_size) * batch)
        following = patch_size
        sizes.append(_Sizes(patch_size, max(batch, options.plan.batch_size)))
    return sizes[::-1]


_SIZES: Mapping[Mode, Callable[[_Options], list[_Sizes]]] = {
    "constant": _constant,
    "efficiency": _efficiency,
    "performance": _performance,
    "progressive-resolution": _progressive_resolution,
    "pgps": _pgps,
    "pgps-plus": _pgps_plus,
    "rpss": _pgps,
}


def _foreground_fraction_of(share: ForegroundShare, index: int, stages: int) -> float:
    """The foreground share of stage number `index` of `stages`; a single stage has the final one."""
    if not isinstance(share, tuple):
        return share
    first, last = share
    return last if index == stages - 1 else first + (last - first) * index / (stages - 1)
