"""A few real training steps in each mode, by the trainer itself; a line of JSON for each."""

# pyright: basic, reportMissingTypeStubs=false, reportOptionalMemberAccess=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

MODES = ("constant", "efficiency", "performance", "pgps", "pgps-plus", "rpss", "progressive-resolution")


def steps(mode: str, folder: Path) -> list[dict[str, Any]]:
    """One step an epoch through all stages, and a validation step."""
    os.environ["PATCHSTREAM_MODE"] = mode
    from patchstream.nnunet.trainer import nnUNetTrainerPatchStream

    plans = json.loads((folder / "nnUNetPlans.json").read_text()) | {"continue_training": False}
    dataset = json.loads((folder / "dataset.json").read_text())
    trainer = nnUNetTrainerPatchStream(plans, "3d_fullres", 0, dataset, device=torch.device("cpu"))
    trainer.initialize()
    train, val = trainer.get_dataloaders()
    told: list[dict[str, Any]] = []
    trainer.network.train()
    for batch in train:
        loss = float(trainer.train_step(batch)["loss"])
        told.append({"stage": batch["stage"], "loss": loss, **_shapes(batch)})
    trainer.network.eval()
    with torch.no_grad():
        batch = next(val)
        told.append({"stage": "val", "loss": float(trainer.validation_step(batch)["loss"]), **_shapes(batch)})
    trainer._client.close()
    return told


def _shapes(batch: Any) -> dict[str, object]:
    return {"data": tuple(batch["data"].shape), "target": [tuple(target.shape) for target in batch["target"]]}


if __name__ == "__main__":
    for mode in MODES:
        lines = steps(mode, Path(sys.argv[1]))
        print("STEPS", json.dumps({"mode": mode, "steps": lines}), flush=True)
