"""Writes losses.json: nnU-Net's own losses, their gradients, its pseudo Dice's counts and its segmentations of the same logits.

nnunetv2==2.8.1 batchgeneratorsv2==0.3.6 torch==2.15.0 numpy==2.4.6:  python test/golden/losses.py && npm run format

Losses are those of nnUNetTrainer._build_loss, counts those of nnUNetTrainer.validation_step, on a trainer that has only what they look at.
Logits are drawn by a linear congruential generator (Numerical Recipes' constants), so that a test can make the same ones.
"""

import importlib.metadata
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from batchgeneratorsv2.transforms.utils.seg_to_regions import ConvertSegmentationToRegionsTransform
from nnunetv2.evaluation.evaluate_predictions import compute_tp_fp_fn_tn, region_or_label_to_mask
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.label_handling.label_handling import LabelManager

BATCH = 2
SIZE = (2, 3, 4)

CLASSES = {"background": 0, "a": 1, "b": 2}
REGIONS = {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "rim": 1}
ORDER = [1, 3, 2]


def uniforms(seed, count):
    """`count` numbers from 0 to 1."""
    drawn = []
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        drawn.append(seed / 2**32)
    return np.array(drawn)


def label_of(seed, values):
    drawn = np.floor(uniforms(seed, BATCH * int(np.prod(SIZE))) * values)
    return torch.from_numpy(drawn.astype(np.float32).reshape(BATCH, 1, *SIZE))


def target_of(manager, label):
    """As nnUNetTrainer.get_training_transforms makes it."""
    if not manager.has_regions:
        return label.clone()  # a validation step changes it
    ignored = [manager.ignore_label] if manager.has_ignore_label else []
    convert = ConvertSegmentationToRegionsTransform(list(manager.foreground_regions) + ignored)
    return torch.stack([convert(segmentation=one)["segmentation"] for one in label])


def evaluated(manager, segmentation, label):
    """As compute_metrics of a case: Dice of each foreground class or region."""
    predicted, wanted = segmentation.numpy(), label[0, 0].numpy()
    ignored = wanted == manager.ignore_label if manager.has_ignore_label else None
    counts = []
    for of in manager.foreground_regions if manager.has_regions else manager.foreground_labels:
        masks = [region_or_label_to_mask(one, of) for one in (wanted, predicted)]
        counts.append(compute_tp_fp_fn_tn(*masks, ignored)[:3])
    return [None if sum(one) == 0 else float(2 * one[0] / (2 * one[0] + one[1] + one[2])) for one in counts]


def case_of(seed, name, labels, batch_dice, ignores, all_ignored=False):
    regions = any(isinstance(values, list) for values in labels.values())
    known = 4 if regions else 3
    manager = LabelManager(labels | ({"ignore": known} if ignores else {}), ORDER if regions else None)
    outputs = manager.num_segmentation_heads
    flat = 12 * uniforms(seed, BATCH * outputs * int(np.prod(SIZE))) - 6
    logits = torch.from_numpy(flat.astype(np.float32).reshape(BATCH, outputs, *SIZE)).requires_grad_()
    label = label_of(1000 + seed, known + ignores)
    if all_ignored:
        label[:] = known
    trainer = SimpleNamespace(
        label_manager=manager,
        configuration_manager=SimpleNamespace(batch_dice=batch_dice),
        is_ddp=False,
        enable_deep_supervision=False,
        device=torch.device("cpu"),
        network=lambda _: logits,
        _do_i_compile=lambda: False,
    )
    trainer.loss = nnUNetTrainer._build_loss(trainer)
    loss = trainer.loss(logits, target_of(manager, label))
    loss.backward()
    step = nnUNetTrainer.validation_step(trainer, {"data": logits, "target": target_of(manager, label)})
    segmentation = manager.convert_logits_to_segmentation(logits[0].detach())
    return {
        "name": name,
        "seed": seed,
        "batchDice": batch_dice,
        "outputs": outputs,
        **({"regions": [list(np.atleast_1d(one).tolist()) for one in manager.foreground_regions], "order": ORDER} if regions else {}),
        **({"ignoreLabel": known} if ignores else {}),
        "label": label.ravel().int().tolist(),
        "loss": float(step["loss"]),
        "gradient": [float(f"{value:.8g}") for value in logits.grad.ravel().tolist()],
        "truePositive": step["tp_hard"].tolist(),
        "falsePositive": step["fp_hard"].tolist(),
        "falseNegative": step["fn_hard"].tolist(),
        "segmentation": segmentation.ravel().tolist(),
        "dice": evaluated(manager, segmentation, label),
    }


def main():
    torch.set_num_threads(1)
    golden = {
        "versions": {
            name: importlib.metadata.version(name) for name in ("nnunetv2", "batchgeneratorsv2", "torch", "numpy")
        },
        "batchSize": BATCH,
        "size": SIZE,
        "cases": [
            case_of(1, "classes", CLASSES, False, False),
            case_of(2, "classes over the batch", CLASSES, True, False),
            case_of(3, "an ignore label", CLASSES, False, True),
            case_of(4, "an ignore label over the batch", CLASSES, True, True),
            case_of(5, "all voxels ignored", CLASSES, True, True, all_ignored=True),
            case_of(6, "regions", REGIONS, False, False),
            case_of(7, "regions over the batch", REGIONS, True, False),
            case_of(8, "regions and an ignore label", REGIONS, False, True),
            case_of(9, "regions and an ignore label over the batch", REGIONS, True, True),
            case_of(10, "regions with all voxels ignored", REGIONS, True, True, all_ignored=True),
        ],
    }
    Path(__file__).with_name("losses.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
