"""Holds what `patchstream get` wrote against the store, read with zarr-python.

    python check_get.py STORE FOLDER

FOLDER holds image.npy, label.npy, of deep supervision label_1.npy, ..., and batch.json of a run without augmentation (profile `none`) and without resampling.
Every sample must equal the box that batch.json names, cut from the store: image 0 and label 0 outside of the volume, label -1
written as 0. Also recomputes `checksum` and `sha256` for the wire types f32 and u8. Needs zarr >= 3 and numpy.
"""

import hashlib
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import zarr


def cut(volume: np.ndarray, lower: list[int], size: list[int]) -> np.ndarray:
    """Box of `size` (Z,Y,X) whose first voxel is `lower`, over the last three axes of `volume`; 0 outside."""
    patch = np.zeros((*volume.shape[:-3], *size), volume.dtype)
    inside, source = [], []
    for start, count, extent in zip(lower, size, volume.shape[-3:]):
        first, end = max(start, 0), min(start + count, extent)
        if first >= end:
            return patch
        inside.append(slice(first - start, end - start))
        source.append(slice(first, end))
    patch[(..., *inside)] = volume[(..., *source)]
    return patch


def nearest_exact(full: int, count: int) -> np.ndarray:
    """The voxels of an axis of `full` that one of `count` has."""
    scale = np.float32(full / count)
    return np.minimum(np.floor(((np.arange(count) + 0.5) * scale).astype(np.float32)), full - 1).astype(int)


def main(store: Path, folder: Path) -> None:
    batch = json.loads((folder / "batch.json").read_text())
    images, labels = np.load(folder / "image.npy"), np.load(folder / "label.npy")
    size, samples = batch["patchSize"], batch["samples"]
    assert images.dtype == np.float32 and labels.dtype == np.int16, (images.dtype, labels.dtype)
    assert images.shape[0] == len(samples) and list(images.shape[2:]) == size, images.shape
    assert labels.shape == (len(samples), *size), labels.shape

    group = zarr.open_group(store, mode="r")
    volumes = {}
    for index, sample in enumerate(samples):
        case = sample["case"]
        assert not sample["transforms"], f"sample {index} is augmented; use a run without augmentation"
        if case not in volumes:
            label = group[case]["label"][:]
            volumes[case] = group[case]["image"][:], np.where(label < 0, 0, label)
        image, label = volumes[case]
        np.testing.assert_array_equal(images[index], cut(image, sample["start"], size), f"image of sample {index}")
        np.testing.assert_array_equal(labels[index], cut(label, sample["start"], size), f"label of sample {index}")
        if sample["kind"] == "foreground":
            assert (labels[index] == sample["class"]).any(), f"sample {index} has no voxel of class {sample['class']}"

    wire = images.tobytes() + labels.astype(np.uint8).tobytes()
    for level in range(1, len(list(folder.glob("label_*.npy"))) + 1):
        deep = np.load(folder / f"label_{level}.npy")
        taken = [nearest_exact(full, count) for full, count in zip(labels.shape[1:], deep.shape[1:])]
        np.testing.assert_array_equal(deep, labels[np.ix_(range(len(samples)), *taken)], f"label_{level}")
        wire += deep.astype(np.uint8).tobytes()
    assert zlib.crc32(wire) == batch["checksum"], "checksum"
    assert hashlib.sha256(wire).hexdigest() == batch["sha256"], "sha256"
    print(f"step {batch['step']} stage {batch['stage']}: {len(samples)} samples of {'x'.join(map(str, size))} equal the store")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
