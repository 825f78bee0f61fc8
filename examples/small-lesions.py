"""Make a data set with tiny foreground in two channels: `python small-lesions.py FOLDER` (needs numpy and nibabel).

Each case is a textured ellipsoid of about 56 x 64 x 56 voxels of 1 mm. Small blobs are bright in channel 0; those that are also dark in channel 1 are
lesions (label 1), the others look the same in channel 0 and are no lesions. So a network needs both channels, and about one voxel in 1,500 is foreground.
The folder is in nnU-Net's layout. The same call makes the same files.
"""

import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np

CASES = 30


def texture(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Noise at three scales: voxels, and blocks of 4 and 16 voxels."""
    volume = np.zeros(shape, np.float32)
    for block, strength in ((1, 30), (4, 30), (16, 60)):
        coarse = random.normal(0, strength, [-(-size // block) for size in shape])
        for axis, size in enumerate(shape):
            coarse = coarse.repeat(block, axis).take(range(size), axis)
        volume += coarse.astype(np.float32)
    return volume


def ball(shape: tuple[int, ...], centre: np.ndarray, radius: float) -> np.ndarray:
    grid = np.indices(shape, np.float32)
    return np.sum((grid - centre.reshape(3, 1, 1, 1)) ** 2, axis=0) <= radius**2


def case(random: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    shape = tuple(int(size + random.integers(-4, 5)) for size in (56, 64, 56))
    half = np.array(shape) / 2
    grid = (np.indices(shape, np.float32) - half.reshape(3, 1, 1, 1)) / half.reshape(3, 1, 1, 1)
    inside = np.sum(grid**2, axis=0) < 0.85
    channels = [inside * (400 + texture(random, shape)) for _ in range(2)]
    label = np.zeros(shape, np.uint8)
    for blob in range(8):
        direction = random.normal(size=3)
        centre = half * (1 + 0.75 * random.random() ** (1 / 3) * direction / np.linalg.norm(direction))
        where = ball(shape, centre, random.uniform(1.2, 2.6))
        channels[0][where] += 160
        if blob < 4:
            channels[1][where] -= 120
            label[where] = 1
        else:
            label[where] = 0
    return channels, label


def main(folder: Path) -> None:
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    for number in range(CASES):
        channels, label = case(random)
        for index, channel in enumerate(channels):
            nib.save(nib.Nifti1Image(channel.astype(np.float32), np.eye(4)), folder / "imagesTr" / f"lesions_{number:02}_{index:04}.nii.gz")
        nib.save(nib.Nifti1Image(label, np.eye(4)), folder / "labelsTr" / f"lesions_{number:02}.nii.gz")
    description = {
        "channel_names": {"0": "first", "1": "second"},
        "labels": {"background": 0, "lesion": 1},
        "numTraining": CASES,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(description, indent=2) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python small-lesions.py FOLDER")
    main(Path(sys.argv[1]))
