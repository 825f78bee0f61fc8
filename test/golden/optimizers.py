"""Writes optimizers.json: weights after each of a few steps of PyTorch's optimisers on known gradients, clipped by PyTorch.

torch==2.15.0:  python test/golden/optimizers.py && npm run format

Weights and gradients are drawn by a linear congruential generator (Numerical Recipes' constants), so that a test can make the same ones.
"""

import importlib.metadata
import json
from pathlib import Path

import torch

COUNT = 12
STEPS = 4
SETTINGS = {"learningRate": 0.02, "momentum": 0.9, "weightDecay": 0.1, "gradientClip": 1.5}


def uniforms(seed, count):
    """`count` numbers from 0 to 1."""
    drawn = []
    for _ in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        drawn.append(seed / 2**32)
    return torch.tensor(drawn, dtype=torch.float64)


def optimizer_of(name, weights):
    rate, decay = SETTINGS["learningRate"], SETTINGS["weightDecay"]
    if name == "adamw":
        return torch.optim.AdamW([weights], rate, weight_decay=decay)
    return torch.optim.SGD([weights], rate, momentum=SETTINGS["momentum"], weight_decay=decay, nesterov=True)


def weights_of(name):
    weights = (2 * uniforms(1, COUNT) - 1).float().requires_grad_()
    optimizer = optimizer_of(name, weights)
    after = []
    for step in range(STEPS):
        weights.grad = (2 * uniforms(100 + step, COUNT) - 1).float()
        torch.nn.utils.clip_grad_norm_([weights], SETTINGS["gradientClip"])
        optimizer.step()
        after.append([float(f"{value:.9g}") for value in weights.tolist()])
    return after


def main():
    golden = {
        "versions": {"torch": importlib.metadata.version("torch")},
        "count": COUNT,
        "settings": SETTINGS,
        "weights": {name: weights_of(name) for name in ("sgd", "adamw")},
    }
    Path(__file__).with_name("optimizers.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
