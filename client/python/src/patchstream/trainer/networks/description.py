"""A network as data: what checkpoints hold, and what it is built from. Sizes and strides are Z,Y,X."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict, get_args

NetworkName = Literal["plain-unet", "residual-unet", "unetr", "swin-unetr"]
NETWORKS: tuple[NetworkName, ...] = get_args(NetworkName)

Size: TypeAlias = Sequence[int]
"""Z,Y,X."""


class Unet(TypedDict):
    """What nnU-Net's U-Nets have in common: one entry a level, finest first."""

    inputChannels: int
    classes: int
    """Outputs."""
    features: Sequence[int]
    kernelSizes: Sequence[Size]
    strides: Sequence[Size]
    """The first is 1,1,1."""
    heads: Sequence[int]
    """Levels whose decoder has an output, finest first; predictions are made of the first."""


class PlainUnet(Unet):
    """nnU-Net's PlainConvUNet."""

    kind: Literal["plain-unet"]
    convsPerLevel: int


class ResidualUnet(Unet):
    """nnU-Net's ResidualEncoderUNet: residual blocks on the way down, one convolution a level on the way up."""

    kind: Literal["residual-unet"]
    blocks: Sequence[int]
    """Residual blocks of each level."""


class Unetr(TypedDict):
    """MONAI's UNETR: a vision transformer on patches of 16x16x16 voxels, and a convolutional decoder."""

    kind: Literal["unetr"]
    inputChannels: int
    classes: int
    heads: Sequence[int]
    """It has one output."""
    featureSize: int
    hiddenSize: int
    mlpDim: int
    attentionHeads: int
    layers: int
    grid: Size
    """Tokens per axis that the position embeddings are held for; for other patches they are interpolated."""


class SwinUnetr(TypedDict):
    """MONAI's SwinUNETR: attention within windows, and a convolutional decoder."""

    kind: Literal["swin-unetr"]
    inputChannels: int
    classes: int
    heads: Sequence[int]
    """It has one output."""
    featureSize: int
    depths: Sequence[int]
    """Blocks of each stage, finest first."""
    attentionHeads: Sequence[int]
    window: Size
    """Tokens of a window on each axis."""


NetworkDescription: TypeAlias = PlainUnet | ResidualUnet | Unetr | SwinUnetr

UNETR_TOKEN = 16
"""Voxels of a token of UNETR on each axis."""
SWIN_TOKEN = 2
"""Voxels of a finest token of SwinUNETR on each axis."""


def patch_multiple(network: NetworkDescription) -> tuple[int, int, int]:
    """What a patch must be a multiple of on each axis; also the smallest patch."""
    if network["kind"] == "unetr":
        return UNETR_TOKEN, UNETR_TOKEN, UNETR_TOKEN
    if network["kind"] == "swin-unetr":
        multiple = SWIN_TOKEN * 2 ** len(network["depths"])
        return multiple, multiple, multiple
    z, y, x = 1, 1, 1
    for stride in network["strides"]:
        z, y, x = z * stride[0], y * stride[1], x * stride[2]
    return z, y, x
