"""How patches grow from the smallest that a network takes to the plan's own."""

from patchstream.plan.curriculum.stage import NetworkPlan
from patchstream.zyx import Zyx


def growth_of(plan: NetworkPlan) -> tuple[Zyx, Zyx]:
    """Smallest patch of a plan's network, and its growth (Z,Y,X). A U-Net has 2^pooling for both (paper, 2.4.2)."""
    z, y, x = plan.pooling
    halved = (2**z, 2**y, 2**x)
    return plan.minimum or halved, plan.increment or halved


def grow_axis(patch: Zyx, axis: int, increment: Zyx, last: Zyx) -> Zyx:
    """`patch` with one axis a step larger, but never beyond `last`."""
    z, y, x = (min(size + increment[i], last[i]) if i == axis else size for i, size in enumerate(patch))
    return z, y, x


def grow_patches(plan: NetworkPlan) -> list[Zyx]:
    """Patch sizes of the paper's modes (2.4.2), smallest first, the plan's own last.

    Each step grows the axis with the fewest voxels among those that still can; of equal ones the lowest index.
    """
    patch, increment = growth_of(plan)
    last = plan.patch_size
    patches = [patch]
    while growable := [axis for axis in range(3) if patch[axis] < last[axis]]:
        patch = grow_axis(patch, min(growable, key=patch.__getitem__), increment, last)
        patches.append(patch)
    return patches


def grow_patches_in_turn(plan: NetworkPlan) -> list[Zyx]:
    """Patch sizes of the MICCAI 2024 modes.

    The first has one step more than the minimum on axis 0, then the axes take turns, beginning with axis 1; an axis at
    its final size is skipped.
    """
    minimum, increment = growth_of(plan)
    last = plan.patch_size
    patch = grow_axis(minimum, 0, increment, last)
    patches = [patch]
    turn = 1
    while any(patch[axis] < last[axis] for axis in range(3)):
        axis = turn % 3
        if patch[axis] < last[axis]:
            patch = grow_axis(patch, axis, increment, last)
            patches.append(patch)
        turn += 1
    return patches
