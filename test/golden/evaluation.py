"""Writes evaluation.json: nnU-Net's summary.json of labels that both sides draw, and MONAI's distances between their surfaces.

nnunetv2==2.8.1 monai==1.6.1 SimpleITK==2.5.7:  python test/golden/evaluation.py && npm run format

A label is balls drawn one over the other: (value, centre in voxels, radius in mm).
"""

import importlib.metadata
import json
import os
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from nnunetv2.evaluation.evaluate_predictions import compute_metrics_on_folder
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

SHAPE = [14, 22, 18]
SPACING = [2.5, 0.75, 1.0]
TOLERANCE = 1.5

CASES = {
    "alike": [
        [[1, [6, 10, 8], 7.0], [2, [7, 13, 9], 4.5], [3, [5, 6, 12], 3.0]],
        [[1, [6, 11, 8], 6.5], [2, [7, 13, 10], 4.5], [3, [5, 6, 12], 3.0]],
    ],
    "at the border": [
        [[1, [0, 2, 17], 6.0], [2, [13, 20, 1], 5.0]],
        [[1, [1, 0, 15], 6.0], [2, [13, 21, 0], 7.0], [4, [3, 10, 15], 5.0]],
    ],
    "one lacks a class": [
        [[1, [6, 10, 8], 5.0]],
        [[1, [6, 10, 9], 5.0], [3, [10, 4, 4], 4.0]],
    ],
    "neither has one": [
        [[2, [4, 8, 8], 5.0]],
        [[2, [4, 9, 9], 3.0], [4, [9, 15, 5], 4.0]],
    ],
}

SETS = [
    {"name": "classes", "classes": [1, 2, 3], "ignore": None},
    {"name": "a class that no case has", "classes": [1, 2, 7], "ignore": None},
    {"name": "regions and an ignore label", "classes": [[1, 2, 3], [2, 3], 3], "ignore": 4},
]


def draw(balls):
    label = np.zeros(SHAPE, np.uint8)
    places = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), -1)
    for value, centre, radius in balls:
        squared = (((places - centre) * np.array(SPACING)) ** 2).sum(-1)
        label[squared <= radius * radius] = value
    return label


def write(path, label):
    image = sitk.GetImageFromArray(label)
    image.SetSpacing(SPACING[::-1])
    sitk.WriteImage(image, str(path))


def surfaces(predicted, reference, values):
    masks = [torch.from_numpy(np.isin(label, values))[None, None] for label in (predicted, reference)]
    hausdorff = compute_hausdorff_distance(*masks, include_background=True, percentile=95, spacing=SPACING)
    dice = compute_surface_dice(*masks, [TOLERANCE], include_background=True, spacing=SPACING)
    return [float(hausdorff), float(dice)]


def main():
    drawn = {name: [draw(balls) for balls in pair] for name, pair in CASES.items()}
    golden = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for part in (0, 1):
            Path(("predicted", "reference")[part]).mkdir()
            for name, pair in drawn.items():
                write(Path(("predicted", "reference")[part]) / f"{name}.nii.gz", pair[part])
        for one in SETS:
            keys = [tuple(each) if isinstance(each, list) else each for each in one["classes"]]
            compute_metrics_on_folder(
                "reference", "predicted", "summary.json", SimpleITKIO(), ".nii.gz", keys, one["ignore"], num_processes=1
            )
            golden.append({**one, "summary": Path("summary.json").read_text()})
    distances = {
        name: {str(value): surfaces(*pair, [value]) for value in (1, 2, 3)} for name, pair in drawn.items()
    }
    versions = {name: importlib.metadata.version(name) for name in ("nnunetv2", "monai")}
    path = Path(__file__).resolve().parent / "evaluation.json"
    path.write_text(
        json.dumps(
            {
                "versions": versions,
                "shape": SHAPE,
                "spacing": SPACING,
                "tolerance": TOLERANCE,
                "cases": CASES,
                "sets": golden,
                "surfaces": json.loads(json.dumps(distances), parse_constant=str),
            }
        )
    )


if __name__ == "__main__":
    main()
