"""The order of a network's parameters: that in which a forward pass meets them, with the heads of a U-Net last.

Initial weights are drawn by a parameter's place in this order, the same in every trainer. Names are those of
dynamic-network-architectures and MONAI.
"""

from collections.abc import Iterator

from patchstream.trainer.networks.description import (
    NetworkDescription,
    PlainUnet,
    ResidualUnet,
    SwinUnetr,
    Unetr,
)


def layers_in_order(network: NetworkDescription) -> Iterator[str]:
    """Prefixes of layers (their `weight` and, where there is one, `bias`), and names of single parameters."""
    if network["kind"] == "plain-unet":
        yield from _plain_unet(network)
    elif network["kind"] == "residual-unet":
        yield from _residual_unet(network)
    elif network["kind"] == "unetr":
        yield from _unetr(network)
    else:
        yield from _swin_unetr(network)


def _plain_unet(network: PlainUnet) -> Iterator[str]:
    for level in range(len(network["features"])):
        yield from _stacked(f"encoder.stages.{level}.0", network["convsPerLevel"])
    yield from _decoder(network, network["convsPerLevel"])


def _residual_unet(network: ResidualUnet) -> Iterator[str]:
    features = network["features"]
    yield from _block("encoder.stem.convs.0")
    inputs = features[0]
    for level, blocks in enumerate(network["blocks"]):
        for block in range(blocks):
            name = f"encoder.stages.{level}.blocks.{block}"
            yield from _block(f"{name}.conv1")
            yield from _block(f"{name}.conv2")
            is_strided = block == 0 and any(extent != 1 for extent in network["strides"][level])
            if inputs != features[level]:
                yield from _block(f"{name}.skip.{1 if is_strided else 0}")
            inputs = features[level]
    yield from _decoder(network, 1)


def _block(name: str) -> Iterator[str]:
    yield f"{name}.conv"
    yield f"{name}.norm"


def _stacked(name: str, count: int) -> Iterator[str]:
    for index in range(count):
        yield from _block(f"{name}.convs.{index}")


def _decoder(network: PlainUnet | ResidualUnet, convs_per_level: int) -> Iterator[str]:
    deepest = len(network["features"]) - 1
    for up in range(deepest):
        yield f"decoder.transpconvs.{up}"
        yield from _stacked(f"decoder.stages.{up}", convs_per_level)
    for level in network["heads"]:
        yield f"decoder.seg_layers.{deepest - 1 - level}"


def _unetr(network: Unetr) -> Iterator[str]:
    embedding = "vit.patch_embedding"
    yield f"{embedding}.patch_embeddings"
    yield f"{embedding}.position_embeddings"
    for block in range(network["layers"]):
        name = f"vit.blocks.{block}"
        for layer in ("norm1", "attn.qkv", "attn.out_proj", "norm2", "mlp.linear1", "mlp.linear2"):
            yield f"{name}.{layer}"
    yield "vit.norm"
    yield from _monai_block("encoder1.layer")
    for name, blocks in (("encoder2", 2), ("encoder3", 1), ("encoder4", 0)):
        yield f"{name}.transp_conv_init.conv"
        for block in range(blocks):
            yield f"{name}.blocks.{block}.0.conv"
            yield from _monai_block(f"{name}.blocks.{block}.1")
    for name in ("decoder5", "decoder4", "decoder3", "decoder2"):
        yield from _monai_up(name)
    yield "out.conv.conv"


def _swin_unetr(network: SwinUnetr) -> Iterator[str]:
    yield "swinViT.patch_embed.proj"
    for stage, count in enumerate(network["depths"]):
        layers = f"swinViT.layers{stage + 1}.0"
        for block in range(count):
            name = f"{layers}.blocks.{block}"
            for layer in ("norm1", "attn.qkv", "attn.relative_position_bias_table", "attn.proj"):
                yield f"{name}.{layer}"
            for layer in ("norm2", "mlp.linear1", "mlp.linear2"):
                yield f"{name}.{layer}"
        yield f"{layers}.downsample.norm"
        yield f"{layers}.downsample.reduction"
    for name in ("encoder1", "encoder2", "encoder3", "encoder4", "encoder10"):
        yield from _monai_block(f"{name}.layer")
    for name in ("decoder5", "decoder4", "decoder3", "decoder2", "decoder1"):
        yield from _monai_up(name)
    yield "out.conv.conv"


def _monai_block(name: str) -> Iterator[str]:
    """Its projection, `conv3`, is there where the features change."""
    for layer in ("conv1", "conv2", "conv3"):
        yield f"{name}.{layer}.conv"


def _monai_up(name: str) -> Iterator[str]:
    yield f"{name}.transp_conv.conv"
    yield from _monai_block(f"{name}.conv_block")
