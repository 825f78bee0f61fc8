"""What the tests of trainers share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Mapping[str, Any]]


@pytest.fixture(scope="session")
def tiny_run(sample_store: Path) -> Run:
    """Two stages, 20 steps of a few milliseconds with deep supervision; `data` and `training` change it.

    Neither stage normalises a few voxels alone: there the last bits of any two machines' sums would be enlarged.
    """
    cases = sorted(entry.name for entry in sample_store.iterdir() if entry.name.startswith("hippocampus"))

    def run(*, data: Mapping[str, Any] | None = None, training: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        return {
            "data": {
                "dataset": "Task04_Hippocampus",
                "split": {"train": cases[:-1], "val": cases[-1:]},
                "valSteps": 0,
                "plan": {"patchSize": [16, 16, 16], "batchSize": 2, "pooling": [2, 2, 2]},
                "stages": [
                    {"patchSize": [8, 8, 8], "batchSize": 4, "epochs": 2},
                    {"patchSize": [16, 16, 16], "batchSize": 2, "epochs": 3},
                ],
                "stepsPerEpoch": 4,
                "augmentation": "none",
                "deepSupervision": True,
                **(data or {}),
            },
            "training": {"baseFeatures": 4, **(training or {})},
        }

    return run
