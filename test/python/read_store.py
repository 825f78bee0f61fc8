"""Reads a store with zarr-python and recomputes everything that its metadata says of its arrays.

    python read_store.py STORE

Checks the store's seal, the SHA-256 of every metadata file and shard index, the checksums that each index lists, each case's digest
over its decoded arrays, the data set's digest, and that every foreground location lies on a voxel of its class. Needs zarr >= 3
and numpy.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import zarr


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_seal(text: bytes) -> None:
    seal = re.search(rb'"seal": "([0-9a-f]{64})"', text)[1]
    assert sha256(text.replace(seal, b"0" * 64, 1)).encode() == seal, "seal"


def case_digest(group: zarr.Group, classes: list[int]) -> str:
    """SHA-256 over the SHA-256s of image, label and each class's locations, little-endian in C order."""
    parts = [sha256(group["image"][:].astype("<f4").tobytes()), sha256(group["label"][:].astype("<i2").tobytes())]
    parts += [f"{value} {sha256(group[f'locations/{value}'][:].astype('<u4').tobytes())}" for value in classes]
    return sha256("\n".join(parts).encode())


def check_index(folder: Path, expected: str) -> None:
    """The end of a shard: each chunk's CRC-32C, then Zarr's index (offset and length of each chunk, its own CRC-32C)."""
    array = zarr.open_array(folder, mode="r")
    inner = json.loads((folder / "zarr.json").read_text())["codecs"][0]["configuration"]["chunk_shape"]
    count = int(np.prod([-(-size // side) for size, side in zip(array.shape, inner)]))
    (shard,) = folder.glob("c.*")
    content = shard.read_bytes()
    index = content[-(20 * count + 4) :]
    assert sha256(index) == expected, f"{folder}: index"
    checksums = np.frombuffer(index, "<u4", count)
    places = np.frombuffer(index, "<u8", 2 * count, 4 * count).reshape(count, 2)
    for checksum, (offset, length) in zip(checksums, places):
        if length != 2**64 - 1:
            end = int(offset + length)
            assert int.from_bytes(content[end - 4 : end], "little") == checksum, f"{folder}: checksums"


def check_case(folder: Path, group: zarr.Group, record: dict, classes: list[int]) -> None:
    case = record["id"]
    assert sha256((folder / "zarr.json").read_bytes()) == record["metadataSha256"], f"{case}: zarr.json"
    for path, digest in record["metadata"].items():
        assert sha256((folder / path / "zarr.json").read_bytes()) == digest, f"{case}: {path}/zarr.json"
    for path, digest in record["indexes"].items():
        check_index(folder / path, digest)
    assert record["indexes"].keys() >= {"image", "label", "reference"}, case
    image, label, reference = group["image"], group["label"], group["reference"]
    assert image.dtype == np.float32 and label.dtype == np.int16 and reference.dtype == np.int16, case
    assert list(image.shape) == record["shape"] and list(label.shape) == record["shape"][1:], case
    assert list(reference.shape) == record["geometry"]["originalShape"], case
    for value, count in zip(classes, record["foregroundCounts"]):
        locations = group[f"locations/{value}"][:]
        assert locations.shape == (count, 3), f"{case}: locations of {value}"
        assert (label[:][tuple(locations.T)] == value).all(), f"{case}: locations of {value}"
    assert set(np.unique(reference[:])) <= {0, *classes}, f"{case}: reference"
    assert case_digest(group, classes) == record["digest"], f"{case}: digest"


def main(store: Path) -> None:
    check_seal((store / "zarr.json").read_bytes())
    root = zarr.open_group(store, mode="r")
    record = root.attrs["patchstream"]
    for name, sealed in record["files"].items():
        assert sha256((store / sealed["file"]).read_bytes()) == sealed["sha256"], name
    for case in record["cases"]:
        check_case(store / case["folder"], root[case["folder"]], case, record["classes"])
    listed = [
        [case["id"], case["shape"], case["spacingMm"], "float32", "int16", case["digest"]] for case in record["cases"]
    ]
    text = json.dumps(listed, separators=(",", ":"), ensure_ascii=False)
    assert sha256(text.encode()) == record["digest"], "digest of the data set"
    print(f"{record['name']}: {len(listed)} cases read with zarr-python {zarr.__version__}, all digests agree")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
