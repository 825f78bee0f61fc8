"""The network that a run trains, from the plan in its resolved spec."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from patchstream.errors import refuse
from patchstream.plan import read_network_plan
from patchstream.plan.curriculum.levels import strides_of
from patchstream.trainer.networks.description import (
    UNETR_TOKEN,
    NetworkDescription,
    NetworkName,
    Size,
    SwinUnetr,
    Unet,
    Unetr,
    patch_multiple,
)

_UNETR_HIDDEN = 48
"""Channels of UNETR's transformer for each of its decoder's finest level (MONAI: 768 for 16)."""
_SWIN_FEATURES = 12
"""What the features of SwinUNETR are a multiple of: MONAI checks it."""
_MOST_FEATURES = 320
"""Upper bound of doubled features, nnU-Net's in 3D."""
_PRESET_BLOCKS = (1, 3, 4, 6)
"""Blocks of a level in nnU-Net's residual-encoder plans; deeper levels have as many as the last."""
_GROWTH = " A curriculum begins with data.plan.minimum and grows by data.plan.increment."


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """What a network's plan does not say."""

    channels: int
    """Of the image."""
    classes: int
    """Outputs."""
    network: NetworkName | Literal["auto"] = "auto"
    """"auto": what the plan is made for."""
    base_features: int | None = None
    """Of the finest level; each coarser level has twice as many.

    None: of a U-Net the plan's own, or nnU-Net's 32; MONAI's 16 of UNETR and 24 of SwinUNETR.
    """


def network_for(spec: Mapping[str, Any], size: NetworkSize) -> NetworkDescription:
    """The network that a run of the resolved `spec` trains.

    Raises SPEC_INVALID for a stage whose patch it cannot take, naming the nearest that it can, and for deep supervision
    of a network that has one output.
    """
    network = describe_network(spec["plan"], size)
    for index, stage in enumerate(spec["stages"]):
        check_patch_size(network, stage["patchSize"], f"data.stages[{index}].patchSize", _GROWTH)
    if spec["deepSupervision"] and len(network["heads"]) == 1:
        want = f"false for the network {network['kind']}, which has one output"
        raise refuse("data.deepSupervision", True, want)
    return network


def describe_network(plan: Mapping[str, Any], size: NetworkSize) -> NetworkDescription:
    """The network for a plan as a resolved spec holds it.

    Of a U-Net, strides, kernels, features and residual blocks are the plan's; a plan of poolings alone gets kernels of
    3 and the blocks of nnU-Net's residual-encoder presets. It has an output on every level but the deepest, whether or
    not they are trained. Raises SPEC_INVALID for a plan that the network cannot follow.
    """
    kind = size.network
    if kind == "auto":
        kind = "plain-unet" if "blocks" not in plan else "residual-unet"
    if kind == "unetr":
        return _unetr(plan, size)
    if kind == "swin-unetr":
        return _swin_unetr(plan, size)
    levels = _unet_levels(kind, plan, size)
    if kind == "plain-unet":
        return {"kind": "plain-unet", **levels, "convsPerLevel": 2}
    presets = [_PRESET_BLOCKS[min(level, 3)] for level in range(len(levels["strides"]))]
    return {"kind": "residual-unet", **levels, "blocks": plan.get("blocks", presets)}


def check_patch_size(network: NetworkDescription, patch_size: Size, field: str, more: str = "") -> None:
    """Raises SPEC_INVALID naming the first axis that `network` cannot take, and the nearest size that it can."""
    for axis, (size, multiple) in enumerate(zip(patch_size, patch_multiple(network), strict=True)):
        if size >= multiple and size % multiple == 0:
            continue
        below = size // multiple * multiple
        hint = f"Try {multiple}." if below == 0 else f"Try {below} or {below + multiple}."
        want = f"a multiple of {multiple} for the network {network['kind']}"
        raise refuse(f"{field}[{axis}]", size, want, hint + more)


def _unetr(plan: Mapping[str, Any], size: NetworkSize) -> Unetr:
    features = size.base_features or 16
    hidden = _UNETR_HIDDEN * features
    network: Unetr = {
        "kind": "unetr",
        "inputChannels": size.channels,
        "classes": size.classes,
        "heads": [0],
        "featureSize": features,
        "hiddenSize": hidden,
        "mlpDim": 4 * hidden,
        "attentionHeads": 12,
        "layers": 12,
        "grid": [extent // UNETR_TOKEN for extent in plan["patchSize"]],
    }
    check_patch_size(network, plan["patchSize"], "plan.patchSize")
    return network


def _swin_unetr(plan: Mapping[str, Any], size: NetworkSize) -> SwinUnetr:
    features = size.base_features or 24
    if features % _SWIN_FEATURES != 0:
        nearest = _SWIN_FEATURES * max(1, int(features / _SWIN_FEATURES + 0.5))
        want = f"a multiple of {_SWIN_FEATURES} for the network swin-unetr"
        raise refuse("baseFeatures", features, want, f"Try {nearest}.")
    network: SwinUnetr = {
        "kind": "swin-unetr",
        "inputChannels": size.channels,
        "classes": size.classes,
        "heads": [0],
        "featureSize": features,
        "depths": [2, 2, 2, 2],
        "attentionHeads": [3, 6, 12, 24],
        "window": [7, 7, 7],
    }
    check_patch_size(network, plan["patchSize"], "plan.patchSize")
    return network


def _unet_levels(kind: NetworkName, plan: Mapping[str, Any], size: NetworkSize) -> Unet:
    strides = [list(stride) for stride in strides_of(read_network_plan(plan, "plan"))]
    if len(strides) < 2:
        raise refuse("plan.pooling", plan["pooling"], f"at least 1 on one axis for the network {kind}")
    kernel_sizes: Sequence[Size] = plan.get("kernelSizes", [[3, 3, 3] for _ in strides])
    for level, kernel_size in enumerate(kernel_sizes):
        for axis, extent in enumerate(kernel_size):
            if extent % 2 == 0:
                raise refuse(f"plan.kernelSizes[{level}][{axis}]", extent, "odd")
    base = size.base_features
    doubled = [min((base or 32) * 2**level, _MOST_FEATURES) for level in range(len(strides))]
    return {
        "inputChannels": size.channels,
        "classes": size.classes,
        "features": plan.get("features", doubled) if base is None else doubled,
        "kernelSizes": kernel_sizes,
        "strides": strides,
        "heads": list(range(len(strides) - 1)),
    }
