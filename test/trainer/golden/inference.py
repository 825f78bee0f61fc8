"""Golden vectors of inference: Gaussian weights and the resampling of logits, as nnU-Net makes them with SciPy.

    pip install numpy==2.3.5 scipy==1.16.3
    python test/trainer/golden/inference.py > test/trainer/golden/inference.json
"""

import json

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates, zoom


def gaussian(patch):
    """nnU-Net's compute_gaussian (sigma_scale 1/8, value_scaling_factor 10), float32."""
    impulse = np.zeros(patch)
    impulse[tuple(i // 2 for i in patch)] = 1
    weights = gaussian_filter(impulse, [i / 8 for i in patch], 0, mode="constant", cval=0)
    weights = (weights / (weights.max() / 10)).astype(np.float32)
    weights[weights == 0] = weights[weights != 0].min()
    return weights


def linear(values, shape):
    factors = [new / old for new, old in zip(shape, values.shape)]
    return zoom(values, factors, order=1, mode="nearest", grid_mode=True)


def linear_in_plane(values, shape, axis):
    """nnU-Net's resample_data_or_seg with a separate axis: order 1 slice by slice, order 0 along the axis."""
    plane = [n for i, n in enumerate(shape) if i != axis]
    slices = np.stack([linear(s, plane) for s in np.moveaxis(values, axis, 0)], axis)
    positions = (np.arange(shape[axis]) + 0.5) * values.shape[axis] / shape[axis] - 0.5
    nearest = map_coordinates(np.arange(values.shape[axis]), [positions], order=0, mode="nearest")
    return np.take(slices, nearest, axis)


def resampling(old, new, axis=None):
    values = np.random.default_rng(7).standard_normal(old)
    out = linear(values, new) if axis is None else linear_in_plane(values, new, axis)
    assert out.shape == tuple(new)
    return {"from": old, "to": new, "axis": axis, "values": values.ravel().tolist(), "expected": out.ravel().tolist()}


print(
    json.dumps(
        {
            "gaussian": [
                {"patch": patch, "expected": gaussian(patch).ravel().tolist()} for patch in ([8, 8, 8], [5, 6, 12], [1, 3, 16])
            ],
            "resampling": [
                resampling([3, 4, 5], [6, 7, 4]),
                resampling([4, 4, 4], [2, 9, 4]),
                resampling([3, 4, 5], [7, 5, 8], 0),
                resampling([4, 3, 3], [2, 5, 5], 0),
                resampling([3, 3, 5], [4, 4, 2], 2),
            ],
        }
    )
)
