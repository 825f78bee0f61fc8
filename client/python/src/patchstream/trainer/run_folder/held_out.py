"""What a training leaves of its held-out cases: their labels and nnU-Net's summary of them, in `validation/`."""

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchstream.trainer.inference.label_file import label_file
from patchstream.trainer.run_folder.safetensors_file import Tensor
from patchstream.trainer.run_folder.write_file import make_folder, replace_file, reporting_failure
from patchstream.wire.stream import broken_protocol

_CASE = re.compile(r"[^./\\\0][^/\\\0]*")
"""A name that a data server gave and that is one of a file in one folder."""


class HeldOut:
    """The folder while it is filled. All that is done to it raises WRITE_FAILED."""

    def __init__(self, folder: Path, trained_on: Mapping[str, Any], model: Mapping[str, Tensor]) -> None:
        """Removes what an earlier evaluation left, and says what made the labels that follow and what they mean."""
        self._folder = folder / "validation"
        with reporting_failure(self._folder):
            if self._folder.exists():
                shutil.rmtree(self._folder)
        make_folder(self._folder)
        record = {
            "dataset": trained_on["name"],
            "models": [_weights_sha256(model)],
            "mirror": True,
            "labelSet": trained_on["labelSet"],
        }
        self._write("labels.json", f"{json.dumps(record, indent=2, ensure_ascii=False)}\n".encode())

    def keep(self, case: str, header: bytes, label: NDArray[np.integer]) -> Path:
        """Writes the label (Z,Y,X) of a case, in the source's values; `header` is how its file begins."""
        if _CASE.fullmatch(case) is None:
            raise broken_protocol(f"a case is called {json.dumps(case)}")
        return self._write(f"{case}.nii.gz", gzip.compress(label_file(header, label), 6, mtime=0))

    def end(self, summary: Mapping[str, Any]) -> None:
        """Writes nnU-Net's summary of all cases, in nnU-Net's form."""
        self._write("summary.json", json.dumps(summary, indent=4, sort_keys=True).encode())

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        replace_file(path, [content])
        return path


def _weights_sha256(model: Mapping[str, Tensor]) -> str:
    """Of names and values, in their order."""
    digest = hashlib.sha256()
    for name, values in model.items():
        if name.startswith("weight/"):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
