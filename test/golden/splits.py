"""Writes splits.json: which of n sorted cases each fold of nnU-Net's split holds out.

numpy==2.4.6 scikit-learn==1.9.1:  python test/golden/splits.py
"""

import json
from pathlib import Path

import numpy as np
from sklearn.model_selection import KFold

SIZES = [(5, 5, 12345), (7, 5, 12345), (20, 5, 12345), (41, 5, 12345), (260, 5, 12345), (1000, 7, 0), (30, 3, 2**32 - 1)]


def held_out(count: int, folds: int, seed: int) -> list[list[int]]:
    split = KFold(n_splits=folds, shuffle=True, random_state=seed).split(np.arange(count))
    return [val.tolist() for _, val in split]


golden = [{"count": n, "folds": k, "seed": seed, "val": held_out(n, k, seed)} for n, k, seed in SIZES]
(Path(__file__).parent / "splits.json").write_text(json.dumps(golden) + "\n")
