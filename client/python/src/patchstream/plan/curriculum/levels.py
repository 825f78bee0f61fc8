"""The levels of a U-Net, and the labels of deep supervision."""

from patchstream.plan.curriculum.stage import NetworkPlan
from patchstream.zyx import Zyx


def strides_of(plan: NetworkPlan) -> tuple[Zyx, ...]:
    """Strides (Z,Y,X) of a U-Net's levels, finest first: the plan's own where it has them.

    Otherwise there is one level more than the most pooled axis has poolings, and an axis with fewer poolings has them
    in the finest levels (nnU-Net, `get_pool_and_conv_props`, for equal spacings).
    """
    if plan.strides is not None:
        return plan.strides

    def along(level: int, axis: int) -> int:
        return 2 if 0 < level <= plan.pooling[axis] else 1

    return tuple((along(level, 0), along(level, 1), along(level, 2)) for level in range(max(plan.pooling) + 1))


def deep_label_sizes(plan: NetworkPlan, patch_size: Zyx) -> tuple[Zyx, ...]:
    """Sizes (Z,Y,X, voxels) of the further labels of deep supervision, finest first.

    One for each level but the first, which has the full label, and the bottleneck, which has none. Each is the patch
    divided by the strides so far, rounded as Python rounds (nnU-Net, `_get_deep_supervision_scales`; batchgeneratorsv2,
    `DownsampleSegForDSTransform`).
    """
    sizes: list[Zyx] = []
    passed = (1, 1, 1)
    for stride in strides_of(plan)[1:-1]:
        passed = (passed[0] * stride[0], passed[1] * stride[1], passed[2] * stride[2])
        z, y, x = (round(extent / by) for extent, by in zip(patch_size, passed, strict=True))
        sizes.append((z, y, x))
    return tuple(sizes)
