"""nnU-Net's summary.json of held-out cases (`evaluate_predictions.py`, `compute_metrics_on_folder`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Metrics = Mapping[str, float]


def metrics_of(
    label: NDArray[np.integer], reference: NDArray[np.integer], values: Sequence[int], ignored: int | None
) -> Metrics:
    """Counts, Dice and IoU of one class, a set of values, over the voxels that count; NaN where neither has it."""
    counts = np.ones(reference.shape, bool) if ignored is None else reference != ignored
    predicted, wanted = np.isin(label, values) & counts, np.isin(reference, values) & counts
    both = int((predicted & wanted).sum())
    only_predicted, only_wanted = int(predicted.sum()) - both, int(wanted.sum()) - both
    some = both + only_predicted + only_wanted
    return {
        "Dice": 2 * both / (some + both) if some else float("nan"),
        "IoU": both / some if some else float("nan"),
        "TP": both,
        "FP": only_predicted,
        "FN": only_wanted,
        "TN": int(counts.sum()) - some,
        "n_pred": both + only_predicted,
        "n_ref": both + only_wanted,
    }


def summary_of(classes: Sequence[Sequence[int]], cases: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """`classes` are values, each case has `metrics` in their order, `prediction_file` and `reference_file`."""
    keys = [str(values[0]) if len(values) == 1 else str(tuple(values)) for values in classes]
    names = list(cases[0]["metrics"][0])
    with np.errstate(all="ignore"):
        means = {
            key: {name: _nan_mean([case["metrics"][index][name] for case in cases]) for name in names}
            for index, key in enumerate(keys)
        }
    return {
        "foreground_mean": {name: float(np.mean([mean[name] for mean in means.values()])) for name in names},
        "mean": means,
        "metric_per_case": [{**case, "metrics": dict(zip(keys, case["metrics"], strict=True))} for case in cases],
    }


def _nan_mean(values: Sequence[float]) -> float:
    """numpy's; NaN of nothing but NaN, without its warning."""
    return float("nan") if np.isnan(values).all() else float(np.nanmean(values))
