"""Writes deep-supervision.json: labels of each decoder level by batchgeneratorsv2's own DownsampleSegForDSTransform.

batchgeneratorsv2==0.3.5 torch==2.13.0 numpy==2.4.6:  python test/golden/deep_supervision.py && npm run format

Scales are nnU-Net's (nnUNetTrainer.py, _get_deep_supervision_scales). The full label's value at a voxel (Z,Y,X) is the voxel's
index in C order, so that each value of a smaller label says where it was taken from.
"""

import importlib.metadata
import json
from pathlib import Path

import numpy as np
import torch
from batchgeneratorsv2.transforms.utils.deep_supervision_downsampling import DownsampleSegForDSTransform

ISOTROPIC = [[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2]]
ANISOTROPIC = [[1, 1, 1], [1, 2, 2], [2, 2, 2], [1, 2, 2], [1, 2, 1]]

CASES = [
    ((8, 8, 8), ISOTROPIC),
    ((8, 16, 24), ISOTROPIC),
    ((4, 16, 16), ANISOTROPIC),
    ((7, 9, 13), ISOTROPIC),  # no multiples of the strides
    ((5, 10, 11), ANISOTROPIC),  # halves, rounded to even
    ((2, 20, 84), [[1, 1, 1], *[[1, 1, 2]] * 4]),  # 84 / 10: its float32 ratio decides
    ((1, 2, 150), [[1, 1, 1], *[[1, 1, 2]] * 5]),
]


def labels_of(size, strides):
    scales = [list(scale) for scale in 1 / np.cumprod(np.vstack(strides), axis=0)][:-1]
    full = torch.arange(np.prod(size), dtype=torch.int16).reshape(1, *size)
    _, *deeper = DownsampleSegForDSTransform(scales)(segmentation=full)["segmentation"]
    levels = [{"size": list(label.shape[1:]), "values": label.ravel().tolist()} for label in deeper]
    return {"size": size, "strides": strides, "labels": levels}


def main():
    torch.set_num_threads(1)
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in ("batchgeneratorsv2", "torch", "numpy")},
        "cases": [labels_of(*case) for case in CASES],
    }
    text = json.dumps(golden, separators=(",", ":")) + "\n"
    Path(__file__).with_name("deep-supervision.json").write_text(text)


main()
