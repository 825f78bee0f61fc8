"""Writes planner-residual.json: what nnU-Net's own planners of residual encoders plan for data sets of some shapes.

nnunetv2==2.8.1 dynamic-network-architectures==0.4.4:  python test/golden/planner_residual.py && npm run format

The planners run whole (plan_experiment), on fingerprints of equal cases; only the choice of an image reader, which opens a file, is skipped.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp())
for place in ("raw", "preprocessed", "results"):
    (FOLDER / place).mkdir()
    os.environ[f"nnUNet_{place}"] = str(FOLDER / place)

from nnunetv2.experiment_planning.experiment_planners.residual_unets import residual_encoder_unet_planners as planners  # noqa: E402

NAMES = ("nnUNetPlannerResEncM", "nnUNetPlannerResEncL", "nnUNetPlannerResEncXL")
INPUTS = [
    ([1.0, 1.0, 1.0], [36, 50, 35], 20, 3),
    ([1.0, 1.0, 1.0], [36, 50, 35], 260, 3),
    ([1.37, 1.25, 1.25], [115, 320, 232], 20, 2),
    ([3.6, 0.625, 0.625], [20, 320, 319], 32, 3),
    ([3.0, 0.78, 0.78], [150, 512, 512], 30, 14),
    ([10.0, 1.25, 1.25], [9, 200, 221], 100, 4),
]


def dataset(spacing, shape, cases, labels):
    name = "Dataset001_Shapes"
    for place in ("raw", "preprocessed"):
        (FOLDER / place / name).mkdir(exist_ok=True)
    for kind in ("imagesTr", "labelsTr"):
        (FOLDER / "raw" / name / kind).mkdir(exist_ok=True)
    described = {
        "channel_names": {"0": "MRI"},
        "labels": {"background": 0} | {f"label {value}": value for value in range(1, labels)},
        "numTraining": cases,
        "file_ending": ".nii.gz",
    }
    (FOLDER / "raw" / name / "dataset.json").write_text(json.dumps(described))
    fingerprint = {
        "spacings": [spacing] * cases,
        "shapes_after_crop": [shape] * cases,
        "median_relative_size_after_cropping": 1.0,
        "foreground_intensity_properties_per_channel": {},
    }
    (FOLDER / "preprocessed" / name / "dataset_fingerprint.json").write_text(json.dumps(fingerprint))
    return name


def planned(planner, spacing, shape, cases, labels):
    made = getattr(planners, planner)(dataset(spacing, shape, cases, labels))
    made.determine_reader_writer = lambda: object
    with contextlib.redirect_stdout(sys.stderr):
        plans = made.plan_experiment()
    full = plans["configurations"]["3d_fullres"]
    arguments = full["architecture"]["arch_kwargs"]
    strides = [[int(one) for one in stride] for stride in arguments["strides"]]
    return {
        "planner": planner,
        "input": {"spacingMm": spacing, "medianShape": shape, "caseCount": cases, "labelCount": labels},
        "planned": {
            "patchSize": [int(one) for one in full["patch_size"]],
            "batchSize": int(full["batch_size"]),
            "pooling": [sum(stride[axis] == 2 for stride in strides) for axis in range(3)],
            "strides": strides,
            "kernelSizes": [[int(one) for one in kernel] for kernel in arguments["kernel_sizes"]],
            "features": [int(one) for one in arguments["features_per_stage"]],
            "blocks": [int(one) for one in arguments["n_blocks_per_stage"]],
        },
        "lowResolution": bool(full["batch_dice"]),
        "plansName": plans["plans_name"],
        "dataIdentifier": full["data_identifier"],
    }


written = [planned(name, *one) for one in INPUTS for name in NAMES]
target = Path(__file__).with_name("planner-residual.json")
target.write_text("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in written) + "\n]\n")
