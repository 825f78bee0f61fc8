"""The losses are nnU-Net's own, on whole batches and on batches that ranks share."""

# pyright: basic, reportMissingTypeStubs=false

import numpy as np
import pytest

pytest.importorskip("nnunetv2")

import torch
from nnunetv2.training.loss.compound_losses import DC_and_BCE_loss, DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss

from patchstream.trainer.engine.labels import LabelReading
from patchstream.trainer.engine.loss import loss_weights, segmentation_loss

pytestmark = pytest.mark.torch

REGIONS = ((1, 2, 3), (2, 3), (3,))


def batch(outputs: int, values: int):
    generator = np.random.default_rng(5)
    logits = torch.from_numpy(generator.normal(size=(3, outputs, 4, 5, 6)).astype(np.float32)).requires_grad_()
    return logits, torch.from_numpy(generator.integers(0, values, size=(3, 4, 5, 6)).astype(np.uint8))


def compare(ours, theirs, logits):
    assert ours.loss.item() == pytest.approx(theirs.item(), abs=1e-6)
    (mine,) = torch.autograd.grad(ours.loss, logits, retain_graph=True)
    (other,) = torch.autograd.grad(theirs, logits)
    assert torch.allclose(mine, other, atol=1e-8)


@pytest.mark.parametrize("ignored", [None, 4])
@pytest.mark.parametrize("batch_dice", [True, False])
def test_classes(batch_dice: bool, ignored: int | None):
    logits, label = batch(4, 5 if ignored else 4)
    dice = {"batch_dice": batch_dice, "smooth": 1e-5, "do_bg": False, "ddp": False}
    loss = DC_and_CE_loss(
        dice,
        {},
        weight_ce=1,
        weight_dice=1,
        ignore_label=ignored,
        dice_class=MemoryEfficientSoftDiceLoss,  # pyright: ignore[reportArgumentType]
    )
    reading = LabelReading(4, 4, None, ignored)
    ours = segmentation_loss(logits, label, reading, batch_dice=batch_dice, over_ranks=lambda own: own)
    compare(ours, loss(logits, label.unsqueeze(1).long()), logits)


@pytest.mark.parametrize("ignored", [None, 4])
@pytest.mark.parametrize("batch_dice", [True, False])
def test_regions(batch_dice: bool, ignored: int | None):
    logits, label = batch(3, 5 if ignored else 4)
    channels = [torch.isin(label, torch.tensor(values, dtype=torch.uint8)) for values in REGIONS]
    if ignored:
        channels.append(label == ignored)
    target = torch.stack(channels, 1)
    dice = {"batch_dice": batch_dice, "do_bg": True, "smooth": 1e-5, "ddp": False}
    loss = DC_and_BCE_loss({}, dice, use_ignore_label=ignored is not None, dice_class=MemoryEfficientSoftDiceLoss)
    reading = LabelReading(3, 4, REGIONS, ignored)
    ours = segmentation_loss(logits, label, reading, batch_dice=batch_dice, over_ranks=lambda own: own)
    compare(ours, loss(logits, target if ignored else target.float()), logits)


def test_the_weights_of_deep_supervision():
    assert loss_weights(1) == [1]
    assert loss_weights(4) == pytest.approx([4 / 7, 2 / 7, 1 / 7])
