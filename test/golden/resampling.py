"""Writes resampling.json: what nnU-Net's resampling makes of small volumes.

nnU-Net 2.8.1 (preprocessing/resampling/default_resampling.py), followed line by line on top of the libraries that it calls:

    pip install batchgenerators==0.25.5 numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0
    python test/golden/resampling.py
"""

import json
from pathlib import Path

import numpy as np
from batchgenerators.augmentations.utils import resize_segmentation
from scipy.ndimage import map_coordinates
from skimage.transform import resize

ANISO_THRESHOLD = 3


def coarse_axis(spacing, new_spacing):
    for candidate in (spacing, new_spacing):
        if np.max(candidate) / np.min(candidate) > ANISO_THRESHOLD:
            axes = np.where(max(candidate) / np.array(candidate) == 1)[0]
            return axes[0] if len(axes) == 1 else None
    return None


def resize_image(values, new_shape):
    return resize(values, new_shape, 3, mode="edge", anti_aliasing=False)


def resize_label(values, new_shape):
    return resize_segmentation(values, new_shape, order=1)


def resample(values, new_shape, axis, resize_fn):
    if values.shape == tuple(new_shape):
        return values
    values = values.astype(float)
    if axis is None:
        return resize_fn(values, new_shape)
    plane = [size for i, size in enumerate(new_shape) if i != axis]
    slices = [resize_fn(np.take(values, i, axis), plane) for i in range(values.shape[axis])]
    resized = np.stack(slices, axis).astype(float)
    if values.shape[axis] == new_shape[axis]:
        return resized
    coordinates = np.array(np.mgrid[tuple(slice(size) for size in new_shape)], dtype=float)
    for i in range(3):
        coordinates[i] = resized.shape[i] / new_shape[i] * (coordinates[i] + 0.5) - 0.5
    return map_coordinates(resized, coordinates, order=0, mode="nearest")


def golden_case(name, shape, spacing, new_spacing, rng, classes=3):
    new_shape = [int(round(a / b * size)) for a, b, size in zip(spacing, new_spacing, shape)]
    image = rng.normal(size=shape).astype(np.float32)
    few = {"a": [-1, 0, 1, 2], "p": [0.1, 0.4, 0.3, 0.2]}
    label = rng.choice(size=shape, **(few if classes == 3 else {"a": classes})).astype(np.int16)
    axis = coarse_axis(spacing, new_spacing)
    resampled = resample(image, new_shape, axis, resize_image).astype(np.float32)
    return {
        "name": name,
        "shape": list(shape),
        "spacingMm": spacing,
        "newSpacingMm": new_spacing,
        "newShape": new_shape,
        "image": [float(f"{value:.9g}") for value in image.ravel()],
        "label": label.ravel().tolist(),
        "resampledImage": [float(f"{value:.9g}") for value in resampled.ravel()],
        "resampledLabel": resample(label, new_shape, axis, resize_label).astype(int).ravel().tolist(),
    }


def main():
    rng = np.random.default_rng(1)
    cases = [
        ("finer on every axis", (5, 6, 7), [1.0, 1.0, 1.0], [0.7, 0.8, 0.6]),
        ("coarser on every axis", (9, 8, 10), [1.0, 1.0, 1.0], [1.5, 1.3, 2.1]),
        ("twice as fine: new centres at quarters", (4, 5, 4), [1.0, 1.0, 1.0], [0.5, 0.5, 0.5]),
        ("twice as coarse: each new centre is a tie", (8, 6, 8), [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]),
        ("three to two: ties that are not dyadic", (6, 9, 6), [1.0, 1.0, 1.0], [1.5, 1.5, 1.5]),
        ("one axis unchanged", (6, 7, 5), [1.0, 1.0, 1.0], [1.0, 1.4, 0.8]),
        ("a single slice", (1, 8, 7), [1.0, 1.0, 1.0], [1.0, 0.9, 1.1]),
        ("coarse first axis before", (5, 8, 7), [5.0, 1.0, 1.0], [2.5, 0.8, 1.2]),
        ("coarse first axis before, kept", (5, 8, 7), [5.0, 1.0, 1.0], [5.0, 0.8, 1.2]),
        ("coarse first axis before, planes kept", (4, 7, 6), [4.0, 1.0, 1.0], [2.0, 1.0, 1.0]),
        ("coarse middle axis after", (8, 12, 7), [1.0, 1.0, 1.0], [1.1, 4.0, 0.9]),
        ("coarse last axis before", (6, 7, 4), [1.0, 0.9, 3.5], [1.1, 1.0, 1.2]),
        ("two coarse axes: none is treated apart", (8, 4, 4), [1.0, 4.0, 4.0], [1.3, 3.0, 3.0]),
    ]
    written = [golden_case(*case, rng) for case in cases]
    many = [
        ("34 classes, coarser", (9, 8, 10), [1.0, 1.0, 1.0], [1.5, 1.3, 2.1]),
        ("34 classes, twice as coarse: ties of up to eight", (8, 8, 8), [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]),
        ("34 classes, three to two", (6, 9, 6), [1.0, 1.0, 1.0], [1.5, 1.5, 1.5]),
        ("34 classes, coarse first axis", (4, 9, 8), [4.0, 1.0, 1.0], [2.0, 2.0, 1.5]),
    ]
    written += [golden_case(*case, rng, classes=34) for case in many]
    target = Path(__file__).with_name("resampling.json")
    target.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in written) + "\n]\n")


if __name__ == "__main__":
    main()
