"""Writes planner.json: patch, batch, strides and kernels that nnU-Net plans for data sets of many shapes.

nnU-Net's network_topology.py (commit 0e49508) is run as it is; the loop around it follows default_experiment_planner.py,
get_plans_for_configuration and plan_experiment, with the network's size counted instead of built:

    pip install numpy==2.1.3
    python test/golden/planner.py path/to/nnunetv2/experiment_planning/experiment_planners/network_topology.py
"""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np

BUDGET = 560000000


def load_topology(path):
    spec = importlib.util.spec_from_file_location("network_topology", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_pool_and_conv_props


def features(levels):
    return [min(320, 32 * 2**level) for level in range(levels)]


def estimate(patch, strides, labels):
    """PlainConvUNet.compute_conv_feature_map_size of dynamic-network-architectures 0.4.4, two convolutions a level both ways."""
    size = np.array(patch, dtype=np.int64)
    sizes = []
    for stride in strides:
        size = size // np.array(stride)
        sizes.append(np.prod(size))
    total = sum(2 * f * n for f, n in zip(features(len(strides)), sizes))
    total += sum(3 * f * n for f, n in zip(features(len(strides))[:-1], sizes[:-1]))
    return total + labels * sizes[0]


def plan(props, spacing, median_shape, voxels, labels):
    inverse = 1 / np.array(spacing)
    patch = [round(i) for i in inverse * (256**3 / np.prod(inverse)) ** (1 / 3)]
    patch = np.array([min(i, j) for i, j in zip(patch, median_shape)])
    pools, strides, kernels, patch, divisible = props(spacing, patch, 4, 999999)
    while estimate(patch, strides, labels) > BUDGET:
        axis = np.argsort([i / j for i, j in zip(patch, median_shape)])[-1]
        patch = list(patch)
        smaller = list(patch)
        smaller[axis] -= divisible[axis]
        _, _, _, _, divisible = props(spacing, smaller, 4, 999999)
        patch[axis] -= divisible[axis]
        pools, strides, kernels, patch, divisible = props(spacing, patch, 4, 999999)
    batch = round((BUDGET / estimate(patch, strides, labels)) * 2)
    cap = round(voxels * 0.05 / np.prod(patch, dtype=np.float64))
    return {
        "patchSize": [int(i) for i in patch],
        "batchSize": int(max(min(batch, cap), 2)),
        "pooling": [int(i) for i in pools],
        "strides": [list(map(int, i)) for i in strides],
        "kernelSizes": [list(map(int, i)) for i in kernels],
        "features": features(len(strides)),
    }


def plans_low_resolution(props, full, spacing, median_shape, cases, labels):
    full_voxels = np.prod(median_shape)
    voxels = full_voxels
    patch_voxels = np.prod(full["patchSize"])
    low = np.array(spacing)
    while patch_voxels / voxels < 0.25:
        behind = max(low) / low > 2
        low = low * np.where(behind, 1.03, 1) if np.any(behind) else low * 1.03
        shape = np.array(spacing) / low * median_shape
        voxels = np.prod(shape)
        patch = plan(props, list(low), tuple(round(i) for i in shape), voxels * cases, labels)["patchSize"]
        patch_voxels = np.prod(patch)
    return bool(full_voxels / voxels >= 2)


def main():
    props = load_topology(sys.argv[1])
    rng = np.random.default_rng(1)
    inputs = [
        ([1.0, 1.0, 1.0], [36, 50, 35], 20, 3),
        ([1.0, 1.0, 1.0], [36, 50, 35], 260, 3),
        ([1.0, 1.0, 1.0], [138, 170, 138], 484, 4),
        ([1.37, 1.25, 1.25], [115, 320, 232], 20, 2),
        ([1.0, 0.767578125, 0.767578125], [432, 512, 512], 131, 3),
        ([3.6, 0.625, 0.625], [20, 320, 319], 32, 3),
        ([1.24, 0.79, 0.79], [252, 512, 512], 63, 2),
        ([2.5, 0.8, 0.8], [96, 512, 512], 281, 3),
        ([5.0, 0.74, 0.74], [150, 512, 512], 303, 3),
        ([1.5, 0.79, 0.79], [189, 512, 512], 41, 2),
        ([3.0, 0.78, 0.78], [150, 512, 512], 126, 2),
        ([1.5, 1.5, 1.5], [231, 243, 243], 1200, 118),
        ([10.0, 1.25, 1.25], [9, 200.5, 221.5], 100, 4),
    ]
    for _ in range(12):
        spacing = np.sort(np.round(rng.uniform(0.4, 4, 3), 3))[::-1].tolist()
        shape = (rng.integers(10, 700, 3) / 2).tolist()
        inputs.append((spacing, shape, int(rng.integers(2, 500)), int(rng.integers(2, 40))))
    written = []
    for spacing, shape, cases, labels in inputs:
        planned = plan(props, spacing, shape, float(np.prod(shape)) * cases, labels)
        written.append(
            {
                "input": {"spacingMm": spacing, "medianShape": shape, "caseCount": cases, "labelCount": labels},
                "planned": planned,
                "lowResolution": plans_low_resolution(props, planned, spacing, shape, cases, labels),
            }
        )
    target = Path(__file__).with_name("planner.json")
    target.write_text("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in written) + "\n]\n")


if __name__ == "__main__":
    main()
