"""Writes networks.json: what PyTorch makes of each network with known weights, for the trainer's engines to agree with.

torch==2.15.0 dynamic-network-architectures==0.4.4 monai==1.6.1 nnunetv2==2.8.1:  python test/golden/networks.py && npm run format

Weights and images are sequences that both sides compute (`sequence`): nothing of them is stored. Of each output about VALUES are.
nnU-Net's loss, its deep supervision and its gradient norm are nnunetv2's own.
"""

import importlib.metadata
import json
from pathlib import Path

import numpy as np
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from monai.networks.nets import UNETR, SwinUNETR
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.deep_supervision import DeepSupervisionWrapper
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

VALUES = 150
CLASSES = 3
CHANNELS = 2
PERIOD = 65521
UNUSED = "norm_cross_attn"  # in MONAI's UNETR, and in no block's forward pass


def sequence(name, count):
    """`count` numbers from -0.5 to 0.5 that depend on `name`."""
    start = 0
    for letter in name:
        start = (start * 31 + ord(letter)) % PERIOD
    return ((start + 7919 * np.arange(count, dtype=np.int64)) % PERIOD) / PERIOD - 0.5


def known(name, shape):
    values = sequence(name, int(np.prod(shape)))
    if name.endswith("relative_position_bias_table") or name.endswith("position_embeddings"):
        return values
    if len(shape) > 1:
        return values * np.sqrt(12 / np.prod(shape[1:]))
    return 1 + 0.5 * values if name.endswith("weight") else 0.2 * values


def load_known(network):
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            values = torch.from_numpy(known(name, tuple(parameter.shape)).astype(np.float32))
            parameter.copy_(values.reshape(parameter.shape))


def image_of(batch, size):
    shape = (batch, CHANNELS, *size)
    return torch.from_numpy((4 * sequence("image", int(np.prod(shape)))).astype(np.float32).reshape(shape))


def label_of(batch, size, level):
    shape = (batch, 1, *size)
    values = np.floor((sequence(f"label{level}", int(np.prod(shape))) + 0.5) * CLASSES)
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def sampled(output):
    stride = max(1, output.numel() // VALUES) | 1
    values = output.detach().ravel()[::stride].tolist()
    return {"size": list(output.shape[2:]), "stride": stride, "values": [float(f"{value:.7g}") for value in values]}


def tensors_of(network):
    types = {torch.float32: "F32", torch.int64: "I64"}
    return [[name, list(tensor.shape), types[tensor.dtype]] for name, tensor in network.state_dict().items()]


def unet_arguments(kwargs):
    return {
        "input_channels": CHANNELS,
        "n_stages": len(kwargs["features_per_stage"]),
        "conv_op": nn.Conv3d,
        "num_classes": CLASSES,
        "conv_bias": True,
        "norm_op": nn.InstanceNorm3d,
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "nonlin": nn.LeakyReLU,
        "nonlin_kwargs": {"inplace": True},
        "deep_supervision": True,
        **kwargs,
    }


def nnunet_loss(outputs, batch_dice):
    loss = DC_and_CE_loss(
        {"batch_dice": batch_dice, "smooth": 1e-5, "do_bg": False, "ddp": False},
        {},
        weight_ce=1,
        weight_dice=1,
        ignore_label=None,
        dice_class=MemoryEfficientSoftDiceLoss,
    )
    if len(outputs) == 1:
        return lambda output, target: loss(output[0], target[0])
    # nnUNetTrainer._build_loss
    weights = np.array([1 / (2**i) for i in range(len(outputs))])
    weights[-1] = 0
    return DeepSupervisionWrapper(loss, weights / weights.sum())


def summary(name, gradient):
    """Norm of a gradient, and its product with a sequence, which tells its elements apart."""
    values = gradient.double().numpy().ravel()
    return [float(f"{value:.7g}") for value in (np.linalg.norm(values), values @ sequence(name, values.size))]


def forward_flops(network, size):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(image_of(1, size))
    return counter.get_total_flops()


def step_of(network, batch, size, batch_dice):
    network.zero_grad(set_to_none=True)
    outputs = network(image_of(batch, size))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    targets = [label_of(batch, output.shape[2:], level) for level, output in enumerate(outputs)]
    loss = nnunet_loss(outputs, batch_dice)(outputs, targets)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 12)
    gradients = {
        name: None if parameter.grad is None else summary(name, parameter.grad)
        for name, parameter in network.named_parameters()
        if UNUSED not in name
    }
    return {
        "batchSize": batch,
        "patchSize": list(size),
        "batchDice": batch_dice,
        "outputs": [sampled(output) for output in outputs],
        "forwardFlops": forward_flops(network, size),
        "loss": loss.item(),
        "gradientNorm": norm.item(),
        "gradients": gradients,
    }


def of_unet(kind, plan, stages, extra):
    network = {"plain-unet": PlainConvUNet, "residual-unet": ResidualEncoderUNet}[kind](
        **unet_arguments(
            {
                "features_per_stage": plan["features"],
                "kernel_sizes": plan["kernelSizes"],
                "strides": plan["strides"],
                **extra,
            }
        )
    )
    load_known(network)
    return {
        "network": kind,
        "plan": plan,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "tensors": tensors_of(network),
        "steps": [step_of(network, *stage) for stage in stages],
    }


ISOTROPIC = {
    "features": [4, 8, 16],
    "kernelSizes": [[3, 3, 3]] * 3,
    "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
}
ANISOTROPIC = {
    "features": [4, 6, 6, 8],
    "kernelSizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]],
    "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2], [1, 2, 1]],
}


def of_transformer(kind, patch, base, stages):
    """A MONAI network. UNETR is built at each stage's size, with the position embeddings of `patch` interpolated to it."""

    def unetr(size):
        return UNETR(CHANNELS, CLASSES, size, base, 48 * base, 192 * base, 12)

    network = unetr(patch) if kind == "unetr" else SwinUNETR(CHANNELS, CLASSES, feature_size=base)
    load_known(network)
    steps = []
    for batch, size, batch_dice in stages:
        staged = network
        if kind == "unetr":
            staged = unetr(size)
            load_known(staged)
            held = network.vit.patch_embedding.position_embeddings
            volume = held.reshape(1, *[extent // 16 for extent in patch], -1).permute(0, 4, 1, 2, 3)
            grid = [extent // 16 for extent in size]
            moved = torch.nn.functional.interpolate(volume, grid, mode="trilinear", align_corners=False)
            with torch.no_grad():
                staged.vit.patch_embedding.position_embeddings.copy_(moved.flatten(2).transpose(1, 2))
        step = step_of(staged, batch, size, batch_dice)
        if kind == "unetr":
            arrived = staged.vit.patch_embedding.position_embeddings.grad
            arrived = arrived.transpose(1, 2).reshape(moved.shape)
            (gradient,) = torch.autograd.grad(moved, held, arrived)
            others = step["gradientNorm"] ** 2  # the norm of all is of the embeddings that are trained
            clip = min(1, 12 / (step["gradientNorm"] + 1e-6))
            others += ((gradient / clip).norm() ** 2 - (arrived / clip).norm() ** 2).item()
            step["gradientNorm"] = others**0.5
            scale = min(1, 12 / (step["gradientNorm"] + 1e-6)) / clip
            scaled = {name: value and [scale * one for one in value] for name, value in step["gradients"].items()}
            embeddings = "vit.patch_embedding.position_embeddings"
            step["gradients"] = {**scaled, embeddings: summary(embeddings, gradient * scale)}
        steps.append(step)
    return {
        "network": kind,
        "plan": {"patchSize": list(patch)},
        "baseFeatures": base,
        "parameters": sum(p.numel() for name, p in network.named_parameters() if UNUSED not in name),
        "tensors": tensors_of(network),
        "steps": steps,
    }


def main():
    torch.set_num_threads(2)
    # The smallest stage normalises single voxels, as the curriculum needs it (paper, Appendix E).
    torch.nn.functional._verify_spatial_size = lambda size: None
    residual = {"n_blocks_per_stage": [1, 3, 4], "n_conv_per_stage_decoder": 1}
    deeper = {"n_blocks_per_stage": [1, 2, 1, 2], "n_conv_per_stage_decoder": 1}
    plain = {"n_conv_per_stage": 2, "n_conv_per_stage_decoder": 2}
    golden = {
        "versions": {
            name: importlib.metadata.version(name)
            for name in ("torch", "dynamic-network-architectures", "monai", "nnunetv2", "numpy")
        },
        "networks": [
            of_unet("plain-unet", ISOTROPIC, [(3, (4, 4, 4), False), (2, (8, 16, 8), True)], plain),
            of_unet("plain-unet", ANISOTROPIC, [(3, (4, 8, 8), True), (1, (4, 16, 16), False)], plain),
            of_unet(
                "residual-unet",
                {**ISOTROPIC, "blocks": residual["n_blocks_per_stage"]},
                [(3, (4, 4, 4), False), (2, (8, 16, 8), True)],
                residual,
            ),
            of_unet(
                "residual-unet",
                {**ANISOTROPIC, "blocks": deeper["n_blocks_per_stage"]},
                [(2, (2, 8, 4), True), (1, (4, 16, 16), False)],
                deeper,
            ),
            of_transformer("unetr", (48, 32, 32), 1, [(2, (16, 16, 16), False), (1, (32, 48, 16), True), (1, (48, 32, 32), False)]),
            of_transformer("swin-unetr", (64, 32, 32), 12, [(1, (32, 32, 32), False), (1, (64, 32, 32), True)]),
        ],
    }
    Path(__file__).with_name("networks.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
