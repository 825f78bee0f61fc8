"""A network as a PyTorch module: nnU-Net's of dynamic-network-architectures, MONAI's UNETR and SwinUNETR."""

from collections.abc import Mapping
from math import prod, sqrt
from typing import Any, cast

import torch
from torch import Tensor, nn

from patchstream.errors import PatchstreamError
from patchstream.trainer.networks.description import NetworkDescription, PlainUnet, ResidualUnet
from patchstream.trainer.networks.initialise import Start, draw_parameter
from patchstream.trainer.networks.parameter_order import layers_in_order


def build_network(network: NetworkDescription) -> nn.Module:
    """Its forward pass gives a list of logits (B,K,Z,Y,X), one a head, finest first; of a transformer one tensor.

    Raises ENGINE_MISSING where the package that has the network is not installed.
    """
    try:
        if network["kind"] == "plain-unet":
            return _plain_unet(network)
        if network["kind"] == "residual-unet":
            return _residual_unet(network)
        if network["kind"] == "unetr":
            from patchstream.trainer.networks.unetr import InterpolatedUnetr

            return InterpolatedUnetr(
                channels=network["inputChannels"],
                classes=network["classes"],
                features=network["featureSize"],
                hidden=network["hiddenSize"],
                mlp=network["mlpDim"],
                heads=network["attentionHeads"],
                grid=network["grid"],
            )
        from monai.networks.nets.swin_unetr import SwinUNETR

        return SwinUNETR(
            network["inputChannels"],
            network["classes"],
            depths=tuple(network["depths"]),
            num_heads=tuple(network["attentionHeads"]),
            feature_size=network["featureSize"],
            window_size=tuple(network["window"]),
        )
    except ModuleNotFoundError as error:
        reason = f"the network {network['kind']} needs {error.name}"
        facts = {"code": "ENGINE_MISSING", "engine": "torch", "reason": reason}
        raise PatchstreamError(facts, 'Run: pip install "patchstream[trainer]"') from error


def trained_parameters(network: NetworkDescription, module: nn.Module) -> dict[str, nn.Parameter]:
    """What training changes, by name, in the order of `layers_in_order`. Others of the module no forward pass uses."""
    named = dict(module.named_parameters())
    ordered: dict[str, nn.Parameter] = {}
    for layer in layers_in_order(network):
        for name in (layer, f"{layer}.weight", f"{layer}.bias"):
            if name in named:
                ordered[name] = named[name]
    return ordered


def initialise(network: NetworkDescription, parameters: Mapping[str, nn.Parameter], seed: int) -> None:
    """Sets the weights that every trainer begins with."""
    with torch.no_grad():
        for index, (name, parameter) in enumerate(parameters.items()):
            start = _start(network, name, parameters)
            shape = tuple(parameter.shape)
            parameter.copy_(torch.from_numpy(draw_parameter(shape, start, index=index, seed=seed)))  # pyright: ignore[reportUnknownMemberType]


def _start(network: NetworkDescription, name: str, parameters: Mapping[str, Tensor]) -> Start:
    """nnU-Net's start values for its U-Nets, PyTorch's defaults for MONAI's networks."""
    if name.endswith(("position_embeddings", "relative_position_bias_table")):
        return "small-normal"
    layer, _, kind = name.rpartition(".")
    weight = parameters[f"{layer}.weight"]
    if weight.ndim == 1:
        # A residual block's last norm starts at 0, so that a fresh block lets its input through.
        is_before_sum = network["kind"] == "residual-unet" and layer.endswith(".conv2.norm")
        return "zeros" if kind == "bias" or is_before_sum else "ones"
    if network["kind"] in ("plain-unet", "residual-unet"):
        return "he" if kind == "weight" else "zeros"
    return 1 / sqrt(prod(weight.shape[1:]))


def _unet_arguments(network: PlainUnet | ResidualUnet) -> dict[str, Any]:
    return {
        "input_channels": network["inputChannels"],
        "n_stages": len(network["features"]),
        "features_per_stage": list(network["features"]),
        "conv_op": nn.Conv3d,
        "kernel_sizes": [list(size) for size in network["kernelSizes"]],
        "strides": [list(stride) for stride in network["strides"]],
        "num_classes": network["classes"],
        "conv_bias": True,
        "norm_op": nn.InstanceNorm3d,
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": nn.LeakyReLU,
        "nonlin_kwargs": {"inplace": True},
        "deep_supervision": True,
    }


def _plain_unet(network: PlainUnet) -> nn.Module:
    from dynamic_network_architectures.architectures.unet import PlainConvUNet  # pyright: ignore[reportMissingTypeStubs]

    convs = network["convsPerLevel"]
    arguments: dict[str, Any] = {"n_conv_per_stage": convs, "n_conv_per_stage_decoder": convs}
    return cast(nn.Module, PlainConvUNet(**_unet_arguments(network), **arguments))


def _residual_unet(network: ResidualUnet) -> nn.Module:
    from dynamic_network_architectures.architectures.unet import ResidualEncoderUNet  # pyright: ignore[reportMissingTypeStubs]

    arguments: dict[str, Any] = {"n_blocks_per_stage": list(network["blocks"]), "n_conv_per_stage_decoder": 1}
    return cast(nn.Module, ResidualEncoderUNet(**_unet_arguments(network), **arguments))
