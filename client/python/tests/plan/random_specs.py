"""Specs that users might write, drawn from a seed."""

import random
from typing import Any

from patchstream.plan import MODES

LAYOUTS = ["channels-first", "channels-last"]
STRATEGIES = ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"]
PLANS: list[dict[str, Any]] = [
    {"patchSize": [16, 24, 16], "batchSize": 2, "pooling": [2, 3, 2]},
    {"patchSize": [40, 24, 40], "batchSize": 3, "pooling": [3, 3, 3]},
    {"patchSize": [8, 32, 32], "batchSize": 4, "strides": [[1, 1, 1], [1, 2, 2], [1, 2, 2], [2, 2, 2]]},
    {"patchSize": [24, 32, 24], "batchSize": 5, "pooling": [3, 3, 3], "minimum": [16, 16, 16]},
]


def random_spec(dataset: str, draw: random.Random) -> dict[str, Any]:
    """What a user writes: some of the fields, each within its bounds."""
    plan = draw.choice(PLANS)
    needed = {"dataset": dataset, "plan": plan, **draw.choice([_mode, _own_stages])(plan["patchSize"], draw)}
    optional = {
        "strategy": draw.choice(STRATEGIES),
        "stepsPerEpoch": draw.choice([250, 0.75, draw.uniform(0.1, 1000)]),
        "valSteps": draw.randint(1, 50),
        "seed": draw.randrange(2**53),
        "split": {"fold": draw.choice([0, 1, 4, "all"]), "seed": draw.randrange(2**32)},
        "augmentation": draw.choice(["none", "nnunet", [{"kind": "mirror", "axes": [0, 2]}]]),
        "wire": {
            "image": draw.choice(["f32", "f16", "bf16"]),
            "layout": draw.choice(["channels-first", "channels-last"]),
        },
        "deepSupervision": draw.choice([True, False]),
    }
    return needed | {name: value for name, value in optional.items() if draw.random() < 0.7}


def _mode(_: Any, draw: random.Random) -> dict[str, Any]:
    mode = draw.choice(MODES)
    share = {"foregroundFraction": draw.choice([draw.random(), {"from": 1, "to": 0.33}])} if draw.random() < 0.5 else {}
    budget = {"budgetFraction": draw.random(), "rounding": draw.choice(["floor", "even-floor", "multiple-of-base"])}
    return {"mode": mode, "epochs": draw.randint(30, 1000), **share, **(budget if mode == "performance" else {})}


def _own_stages(patch_size: list[int], draw: random.Random) -> dict[str, Any]:
    crop = [draw.randint(4, 48) for _ in range(3)]
    stages = [
        {"patchSize": patch_size, "batchSize": draw.randint(2, 9), "foregroundFraction": draw.random(), "epochs": 3},
        {"patchSize": patch_size, "cropSize": crop, "epochs": draw.randint(1, 40)},
        {"patchSize": patch_size, "batchSize": draw.randint(2, 9), "epochs": 1},
    ]
    return {"stages": draw.sample(stages, draw.randint(1, 3)), "stageOrder": draw.choice(["scheduled", "random"])}
