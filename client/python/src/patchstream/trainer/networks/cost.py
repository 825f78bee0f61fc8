"""What a network computes and keeps, layer by layer, without running it.

Operations are counted as the TypeScript trainer does (`trainer/networks/trace.ts`), so that both tell the same of a
run: the sums of products of convolutions and matrix products, a multiplication and an addition counted as two.
"""

from dataclasses import dataclass
from math import ceil, prod

from patchstream.trainer.networks.description import (
    SWIN_TOKEN,
    UNETR_TOKEN,
    NetworkDescription,
    PlainUnet,
    ResidualUnet,
    Size,
    SwinUnetr,
    Unetr,
)

_PASSES_OF_A_STEP = 3
"""A forward pass, the gradients of what it multiplies, and the gradients of the weights."""
_POINT = (1, 1, 1)
_CUBE = (3, 3, 3)
_MLP_RATIO = 4
"""Channels of a perceptron's hidden layer in SwinUNETR, as a multiple of the tokens'."""
_MERGED = 8
"""Tokens that SwinUNETR joins to one."""


@dataclass(slots=True)
class NetworkCost:
    """Of one sample of a patch."""

    flops: int = 0
    """Of a forward pass."""
    parameters: int = 0
    """Weights to train."""
    kept: int = 0
    """Values that a forward pass keeps for the gradients."""
    largest: int = 0
    """Values of the largest output of a layer."""

    def convolution(self, inputs: int, outputs: int, kernel: Size, size: Size, *, bias: bool = False) -> None:
        """To `size`."""
        self.flops += 2 * prod(size) * outputs * inputs * prod(kernel)
        self._made(outputs * prod(size), outputs * inputs * prod(kernel) + outputs * bias)

    def upsample(self, inputs: int, outputs: int, stride: Size, size: Size, *, bias: bool = False) -> None:
        """To `size`; what it makes is joined with as much that is there already."""
        self.flops += 2 * prod(size) * outputs * inputs
        self._made(2 * outputs * prod(size), outputs * inputs * prod(stride) + outputs * bias)

    def linear(self, inputs: int, outputs: int, tokens: int, *, bias: bool = True) -> None:
        """Of each of so many tokens."""
        self.flops += 2 * tokens * outputs * inputs
        self._made(outputs * tokens, outputs * inputs + outputs * bias)

    def norm(self, channels: int, voxels: int, *, affine: bool = True) -> None:
        """Instance or layer norm, and the activation after it, which takes its place."""
        self._made(channels * voxels, 2 * channels * affine)

    def attention(self, channels: int, heads: int, tokens: int, attended: int) -> None:
        """Scores, and the values that they weigh."""
        self.flops += 2 * 2 * tokens * attended * channels
        self._made(heads * tokens * attended, 0)
        self._made(channels * tokens, 0)

    def table(self, values: int) -> None:
        """Weights that are added, such as those of positions."""
        self.parameters += values

    def _made(self, values: int, parameters: int) -> None:
        self.kept += values
        self.largest = max(self.largest, values)
        self.parameters += parameters


def network_cost(network: NetworkDescription, patch_size: Size) -> NetworkCost:
    """Of `network` on one sample of `patch_size` (Z,Y,X), which it can take."""
    cost = NetworkCost()
    if network["kind"] == "plain-unet":
        _plain_unet(cost, network, patch_size)
    elif network["kind"] == "residual-unet":
        _residual_unet(cost, network, patch_size)
    elif network["kind"] == "unetr":
        _unetr(cost, network, patch_size)
    else:
        _swin_unetr(cost, network, patch_size)
    return cost


def step_flops(network: NetworkDescription, patch_size: Size, batch_size: int) -> int:
    """Operations of one training step on a batch of a stage."""
    return _PASSES_OF_A_STEP * batch_size * network_cost(network, patch_size).flops


def _divided(size: Size, by: Size) -> tuple[int, ...]:
    return tuple(ceil(extent / step) for extent, step in zip(size, by, strict=True))


def _halved(size: Size, times: int) -> tuple[int, ...]:
    return _divided(size, [2**times] * 3)


def _block(cost: NetworkCost, inputs: int, outputs: int, kernel: Size, size: Size) -> None:
    """Convolution, instance norm, activation of nnU-Net."""
    cost.convolution(inputs, outputs, kernel, size, bias=True)
    cost.norm(outputs, prod(size))


def _plain_unet(cost: NetworkCost, network: PlainUnet, patch_size: Size) -> None:
    sizes, inputs = [patch_size], network["inputChannels"]
    for outputs, kernel, stride in zip(network["features"], network["kernelSizes"], network["strides"], strict=True):
        sizes.append(_divided(sizes[-1], stride))
        for _ in range(network["convsPerLevel"]):
            _block(cost, inputs, outputs, kernel, sizes[-1])
            inputs = outputs
    _unet_decoder(cost, network, sizes[1:], network["convsPerLevel"])


def _residual_unet(cost: NetworkCost, network: ResidualUnet, patch_size: Size) -> None:
    features, kernels = network["features"], network["kernelSizes"]
    sizes, inputs = [patch_size], features[0]
    _block(cost, network["inputChannels"], inputs, kernels[0], patch_size)
    for level, blocks in enumerate(network["blocks"]):
        outputs, kernel = features[level], kernels[level]
        size = _divided(sizes[-1], network["strides"][level])
        sizes.append(size)
        for _ in range(blocks):
            _block(cost, inputs, outputs, kernel, size)
            _block(cost, outputs, outputs, kernel, size)
            if inputs != outputs:
                cost.convolution(inputs, outputs, _POINT, size)
                cost.norm(outputs, prod(size))
            inputs = outputs
    _unet_decoder(cost, network, sizes[1:], 1)


def _unet_decoder(cost: NetworkCost, network: PlainUnet | ResidualUnet, sizes: list[Size], convs: int) -> None:
    features = network["features"]
    for level in reversed(range(len(features) - 1)):
        outputs, kernel, size = features[level], network["kernelSizes"][level], sizes[level]
        cost.upsample(features[level + 1], outputs, network["strides"][level + 1], size, bias=True)
        inputs = 2 * outputs
        for _ in range(convs):
            _block(cost, inputs, outputs, kernel, size)
            inputs = outputs
    for level in network["heads"]:
        cost.convolution(features[level], network["classes"], _POINT, sizes[level], bias=True)


def _unetr(cost: NetworkCost, network: Unetr, patch_size: Size) -> None:
    hidden, features, channels = network["hiddenSize"], network["featureSize"], network["inputChannels"]
    grid = _divided(patch_size, [UNETR_TOKEN] * 3)
    tokens = prod(grid)
    cost.convolution(channels, hidden, [UNETR_TOKEN] * 3, grid, bias=True)
    cost.table(prod(network["grid"]) * hidden)
    for _ in range(network["layers"]):
        cost.norm(hidden, tokens)
        cost.linear(hidden, 3 * hidden, tokens, bias=False)
        cost.attention(hidden, network["attentionHeads"], tokens, tokens)
        cost.linear(hidden, hidden, tokens)
        cost.norm(hidden, tokens)
        _perceptron(cost, hidden, network["mlpDim"], tokens)
    cost.norm(hidden, tokens)
    _monai_block(cost, channels, features, patch_size)
    for step, outputs in enumerate((2 * features, 4 * features, 8 * features), 1):
        # Tokens doubled until they are as fine as what they are joined with, each time but the first with a block.
        cost.upsample(hidden, outputs, (2, 2, 2), _halved(patch_size, 3))
        for times in range(2, step - 1, -1):
            cost.upsample(outputs, outputs, (2, 2, 2), _halved(patch_size, times))
            _monai_block(cost, outputs, outputs, _halved(patch_size, times))
    inputs = hidden
    for times in (3, 2, 1, 0):
        outputs = features * 2**times
        _monai_up(cost, inputs, outputs, _halved(patch_size, times))
        inputs = outputs
    cost.convolution(features, network["classes"], _POINT, patch_size, bias=True)


def _swin_unetr(cost: NetworkCost, network: SwinUnetr, patch_size: Size) -> None:
    features, channels = network["featureSize"], network["inputChannels"]
    cost.convolution(channels, features, [SWIN_TOKEN] * 3, _halved(patch_size, 1), bias=True)
    for stage, (blocks, heads) in enumerate(zip(network["depths"], network["attentionHeads"], strict=True)):
        width = features * 2**stage
        size = _halved(patch_size, 1 + stage)
        for _ in range(blocks):
            _swin_block(cost, network, width, heads, size)
        tokens = prod(_halved(size, 1))
        cost.norm(_MERGED * width, tokens)
        cost.linear(_MERGED * width, 2 * width, tokens, bias=False)
    _monai_block(cost, channels, features, patch_size)
    for times, outputs in ((1, features), (2, 2 * features), (3, 4 * features), (5, 16 * features)):
        _monai_block(cost, outputs, outputs, _halved(patch_size, times))
    inputs = 16 * features
    for times in (4, 3, 2, 1, 0):
        outputs = 2 ** max(0, times - 1) * features
        _monai_up(cost, inputs, outputs, _halved(patch_size, times))
        inputs = outputs
    cost.convolution(features, network["classes"], _POINT, patch_size, bias=True)


def _swin_block(cost: NetworkCost, network: SwinUnetr, width: int, heads: int, size: Size) -> None:
    """Attention within windows, which fill the size up, then a perceptron."""
    window = [min(extent, most) for extent, most in zip(size, network["window"], strict=True)]
    tokens = prod(size)
    filled = prod(ceil(extent / side) * side for extent, side in zip(size, window, strict=True))
    cost.norm(width, tokens)
    cost.linear(width, 3 * width, filled)
    cost.attention(width, heads, filled, prod(window))
    cost.table(prod(2 * most - 1 for most in network["window"]) * heads)
    cost.linear(width, width, filled)
    cost.norm(width, tokens)
    _perceptron(cost, width, _MLP_RATIO * width, tokens)


def _perceptron(cost: NetworkCost, channels: int, hidden: int, tokens: int) -> None:
    cost.linear(channels, hidden, tokens)
    cost.norm(hidden, tokens, affine=False)
    cost.linear(hidden, channels, tokens)


def _monai_block(cost: NetworkCost, inputs: int, outputs: int, size: Size) -> None:
    """MONAI's residual block; it projects its input where the channels change."""
    for channels, kernel in ((inputs, _CUBE), (outputs, _CUBE), (inputs, _POINT)):
        if kernel == _CUBE or inputs != outputs:
            cost.convolution(channels, outputs, kernel, size)
            cost.norm(outputs, prod(size), affine=False)


def _monai_up(cost: NetworkCost, inputs: int, outputs: int, size: Size) -> None:
    """Doubled, joined with what is as fine, and a residual block of both."""
    cost.upsample(inputs, outputs, (2, 2, 2), size)
    _monai_block(cost, 2 * outputs, outputs, size)
