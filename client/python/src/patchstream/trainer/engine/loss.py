"""nnU-Net's losses: DC_and_CE_loss, of regions DC_and_BCE_loss, and the weights of deep supervision.

Written as sums, so that ranks that share a batch come to the loss of the whole batch: each adds its own sums to those
of the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from patchstream.trainer.engine.labels import LabelReading, background_outputs, read_target

DICE_SMOOTH = 1e-5
"""Added to numerator and denominator of the soft Dice. nnU-Net's lower bound of the latter never acts beside it."""

OverRanks: TypeAlias = Callable[[Tensor], Tensor]
"""A sum over all ranks. Its gradient is that of this rank's own part."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Scalars. `loss` = cross_entropy - dice."""

    loss: Tensor
    cross_entropy: Tensor
    """Mean over the voxels that count.

    Of regions the binary cross-entropy: their mean, or with an ignore label their sum, as nnU-Net has it.
    """
    dice: Tensor
    """Soft Dice, 0 to 1, mean over the foreground classes or the regions."""


def segmentation_loss(
    logits: Tensor, label: Tensor, reading: LabelReading, *, batch_dice: bool, over_ranks: OverRanks
) -> Loss:
    """Of logits (B,K,Z,Y,X) and a label (B,Z,Y,X) of stored values.

    `batch_dice`: Dice sums run over the whole batch instead of each sample.
    """
    flat = logits.float().flatten(2)  # (B,K,V)
    target = read_target(label.flatten(1), reading)
    counted = over_ranks(target.counts.sum()).clamp(min=1)
    if reading.regions is None:
        entropies = -(target.truth * torch.log_softmax(flat, 1)).sum()
        probability = torch.softmax(flat, 1)
    else:
        each = functional.binary_cross_entropy_with_logits(flat, target.truth, reduction="none")
        entropies = (each * target.counts).sum()
        if reading.ignore_label is None:
            counted = counted * reading.outputs
        probability = torch.sigmoid(flat)
    cross_entropy = over_ranks(entropies) / counted

    first = background_outputs(reading)
    masked, truth = (probability * target.counts)[:, first:], target.truth[:, first:]
    axes = (0, 2) if batch_dice else (2,)
    overlap, total = (masked * truth).sum(axes), masked.sum(axes) + truth.sum(axes)
    if batch_dice:
        overlap, total = over_ranks(overlap), over_ranks(total)
        dice = _ratio(overlap, total).mean()
    else:
        ratios = _ratio(overlap, total)
        samples = over_ranks(torch.tensor(float(len(flat)), device=flat.device))
        dice = over_ranks(ratios.mean(1).sum()) / samples
    return Loss(cross_entropy - dice, cross_entropy, dice)


def _ratio(overlap: Tensor, total: Tensor) -> Tensor:
    return (2 * overlap + DICE_SMOOTH) / (total + DICE_SMOOTH)


def loss_weights(outputs: int) -> list[float]:
    """Weights of the losses of a network's outputs, finest first.

    nnU-Net's 1, 1/2, 1/4, ... with the coarsest left out, normalised to a sum of 1 (`nnUNetTrainer._build_loss`). An
    output of weight 0 is not in the list. A single output has all the weight.
    """
    halved = [2.0**-index for index in range(max(1, outputs - 1))]
    return [weight / sum(halved) for weight in halved]
