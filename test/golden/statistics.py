"""Writes statistics.json: SciPy's exact Wilcoxon and Spearman tests of random numbers, many of them tied or zero.

scipy==1.17.1 numpy==2.4.6:  python test/golden/statistics.py && npm run format
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import PermutationMethod, spearmanr, wilcoxon

random = np.random.default_rng(20261129)


def differences(n, kind):
    if kind == "no ties":
        return random.normal(0.3, 1, n)
    if kind == "few ties":
        return random.integers(-20, 25, n).astype(float)
    return random.integers(-2, 4, n) / 8  # many ties and zeros, exact in binary


signed_ranks = []
for kind in ["no ties", "few ties", "many ties"]:
    for n in [2, 3, 4, 5, 6, 8, 10, 12, 14]:
        values = differences(n, kind)
        if not values.any():
            values[0] = 1.0
        # More resamples than there are signs of the ranks: then SciPy takes each of them once, which is exact also with ties.
        all_signs = PermutationMethod(n_resamples=2**15)
        p = wilcoxon(values, zero_method="wilcox", method=all_signs).pvalue
        signed_ranks.append({"differences": values.tolist(), "p": p})
    if kind == "no ties":
        for n in [20, 35, 49]:
            values = differences(n, kind)
            signed_ranks.append({"differences": values.tolist(), "p": wilcoxon(values, method="exact").pvalue})

many = []
for kind in ["no ties", "few ties", "many ties"]:
    values = differences(260, kind)
    p = wilcoxon(values, zero_method="wilcox", correction=False, method="asymptotic").pvalue
    many.append({"differences": values.tolist(), "p": p})

correlations = []
for n in [4, 5, 7, 10, 15, 40]:
    for levels in [3, 1000]:
        x = random.integers(0, levels, n).astype(float)
        y = np.round(x / levels + random.normal(0, 0.4, n), 1)
        if len(set(x)) == 1 or len(set(y)) == 1:
            continue
        rho, p = spearmanr(x, y)
        correlations.append({"x": x.tolist(), "y": y.tolist(), "rho": rho, "p": p})

golden = {"scipy": scipy.__version__, "signedRanks": signed_ranks, "manyPairs": many, "correlations": correlations}
(Path(__file__).parent / "statistics.json").write_text(json.dumps(golden) + "\n")
