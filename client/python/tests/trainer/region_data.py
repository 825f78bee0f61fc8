"""A small raw data set with regions and an ignore label."""

# pyright: basic

import json
from pathlib import Path

import nibabel
import numpy as np

CASES = 5


def write_region_data(folder: Path) -> Path:
    """Five cases of a bright box in a bright box; nobody has labelled their first planes."""
    generator = np.random.default_rng(3)
    for index in range(CASES):
        label = np.zeros((20, 20, 20), np.uint8)
        start = 4 + index
        label[start : start + 9, 5:15, 5:15] = 1
        label[start + 2 : start + 6, 7:12, 7:12] = 2
        image = generator.normal(100, 10, label.shape) + 40 * label
        label[:2] = 3
        for name, values in ((f"imagesTr/c{index}_0000", image.astype(np.float32)), (f"labelsTr/c{index}", label)):
            file = folder / f"{name}.nii.gz"
            file.parent.mkdir(parents=True, exist_ok=True)
            nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), file)
    described = {
        "channel_names": {"0": "MRI"},
        "labels": {"background": 0, "whole": [1, 2], "core": 2, "ignore": 3},
        "regions_class_order": [1, 2],
        "numTraining": CASES,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(described))
    return folder
