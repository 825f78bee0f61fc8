"""Safetensors files (https://github.com/huggingface/safetensors) with a SHA-256 over everything else in the file.

Header length (u64, little-endian), JSON header, tensors. The digest is the header's metadata `sha256`, taken over the
header's own text without it and the tensors' bytes: this is why the header is written here, and not by a library, which
orders it in its own way. Other readers ignore it.
"""

import hashlib
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.json_lines import to_json

Tensor: TypeAlias = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int64]
Tensors: TypeAlias = Mapping[str, Tensor]

_TYPES = {"F64": np.dtype("<f8"), "I64": np.dtype("<i8"), "F32": np.dtype("<f4")}
"""Element types, largest element first: the order of the tensors in a file, so that each begins aligned."""
_NAMES = {dtype: name for name, dtype in _TYPES.items()}


class Hash(Protocol):
    """hashlib's."""

    def update(self, data: bytes | bytearray | memoryview, /) -> None:
        """Takes more."""
        ...

    def hexdigest(self) -> str:
        """Of all taken."""
        ...


_LONGEST_HEADER_BYTES = 1 << 26
"""Far more than the names of any network take."""
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the tensors."""

    entries: Mapping[str, Mapping[str, Any]]
    metadata: Mapping[str, str]
    sha256: str
    begin: int
    """Where the tensors begin, and where the file ends, in bytes."""
    end: int

    @property
    def hash(self) -> "Hash":
        """Takes the tensors' bytes, then tells whether they are what the header was written for."""
        return _hash_of(self.entries, self.metadata)


def encode_safetensors(tensors: Tensors, metadata: Mapping[str, str]) -> list[bytes | memoryview]:
    """A file as pieces to write one after the other. The tensors' memory is not copied."""
    names = list(_TYPES)
    ordered = sorted(tensors.items(), key=lambda item: names.index(_NAMES[item[1].dtype]))
    entries: dict[str, Mapping[str, Any]] = {}
    offset = 0
    for name, tensor in ordered:
        end = offset + tensor.nbytes
        entries[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    data = [np.ascontiguousarray(tensor).data.cast("B") for _, tensor in ordered if tensor.size > 0]
    digest = _hash_of(entries, metadata)
    for piece in data:
        digest.update(piece)
    text = to_json({"__metadata__": {**metadata, "sha256": digest.hexdigest()}, **entries}).encode()
    # As our other trainer does it: the metadata stands where JavaScript's spread leaves it, first.
    padded = text + b" " * (-len(text) % 8)
    return [struct.pack("<Q", len(padded)), padded, *data]


def read_header(file: Path) -> Header:
    """Raises INPUT_DAMAGED naming `file`, also for one that is cut off; FileNotFoundError where there is none."""
    with file.open("rb") as opened:
        return _header(opened, file)


def verify_safetensors(file: Path) -> Header:
    """Reads a file through and holds it against its SHA-256, without keeping it. Raises INPUT_DAMAGED naming it."""
    with file.open("rb") as opened:
        header = _header(opened, file)
        digest = header.hash
        while block := opened.read(_BLOCK_BYTES):
            digest.update(block)
    _check(digest, header, file)
    return header


def read_safetensors(file: Path) -> tuple[dict[str, Tensor], Header]:
    """The tensors, and what stands before them. Raises INPUT_DAMAGED naming `file`: one changed bit is enough."""
    with file.open("rb") as opened:
        header = _header(opened, file)
        data = bytearray(header.end - header.begin)
        if opened.readinto(data) != len(data):
            raise _damaged(file, "it ended while it was read")
    digest = header.hash
    digest.update(data)
    _check(digest, header, file)
    tensors: dict[str, Tensor] = {}
    for name, entry in header.entries.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(memoryview(data)[begin:end], _TYPES[entry["dtype"]])
        tensors[name] = cast(Tensor, np.reshape(values, entry["shape"]))
    return tensors, header


def _hash_of(entries: Mapping[str, object], metadata: Mapping[str, str]) -> "Hash":
    return hashlib.sha256(to_json({"__metadata__": dict(metadata), **entries}).encode())


def _check(digest: "Hash", header: Header, file: Path) -> None:
    if digest.hexdigest() != header.sha256:
        raise _damaged(file, "its SHA-256 does not match")


def _header(opened: BinaryIO, file: Path) -> Header:
    size = file.stat().st_size
    prefix = opened.read(8)
    length = int.from_bytes(prefix, "little")
    # What is left of a header that was cut off may parse: it ends in spaces.
    if len(prefix) < 8 or 8 + length > min(size, _LONGEST_HEADER_BYTES):
        raise _damaged(file, "its header is not whole")
    header = _parsed(opened.read(length), 8 + length)
    if header is None:
        raise _damaged(file, "its header does not parse")
    if header.end != size:
        raise _damaged(file, f"it has {size} bytes where its header says {header.end}")
    return header


def _parsed(text: bytes, begin: int) -> Header | None:
    try:
        entries: dict[str, Any] = json.loads(text)
        metadata: dict[str, str] = entries.pop("__metadata__")
        sha256 = metadata.pop("sha256")
        ends: Iterable[int] = [entry["data_offsets"][1] for entry in entries.values()]
        known = all(entry["dtype"] in _TYPES for entry in entries.values())
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return Header(entries, metadata, sha256, begin, begin + max(ends, default=0)) if known else None


def _damaged(file: Path, reason: str) -> PatchstreamError:
    want = "a safetensors file that patchstream wrote"
    return PatchstreamError({"code": "INPUT_DAMAGED", "file": str(file), "reason": reason, "want": want})
