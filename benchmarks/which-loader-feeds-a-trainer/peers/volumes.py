"""The volumes that every arm reads, as files of raw little-endian values in C order."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Volume:
    id: str
    image: np.ndarray  # (C,Z,Y,X) float32
    label: np.ndarray  # (1,Z,Y,X) int16
    locations: dict[int, np.ndarray]  # class -> (n,3) foreground voxels, Z,Y,X


def read_volumes(folder: str) -> tuple[list[Volume], dict[str, int]]:
    """All volumes of an exported folder, and its label names."""
    root = Path(folder)
    described = json.loads((root / "volumes.json").read_text())
    return [_read_volume(root, case) for case in described["cases"]], described["labels"]


def _read_volume(root: Path, case: dict) -> Volume:
    name, shape = case["id"], tuple(case["shape"])
    locations = {
        value: np.fromfile(root / f"{name}.locations.{value}", "<u4").reshape(-1, 3).astype(np.int64)
        for value in case["classes"]
    }
    image = np.fromfile(root / f"{name}.image", "<f4").reshape(shape)
    label = np.fromfile(root / f"{name}.label", "<i2").reshape(1, *shape[1:])
    return Volume(name, image, label, locations)
