"""`import-nnunet`: a preprocessed folder becomes a store, voxel for voxel.

Decoding is done here, the store is written by `patchstream ingest-prepared` alone. It asks for one case after the
other, and gets each through its standard input (docs/reference/prepared.md): nothing is written but the store, and each
side holds one case at a time.
"""

import json
import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np

from patchstream.errors import PatchstreamError
from patchstream.nnunet.preprocessed import PreprocessedCase, PreprocessedFolder, open_preprocessed


def import_folder(
    folder: str | Path,
    store: str | Path,
    *,
    plans_name: str = "nnUNetPlans",
    force: bool = False,
    command: Sequence[str] | None = None,
) -> Mapping[str, object]:
    """Imports `nnUNet_preprocessed/DatasetXXX_Name` and returns the report of the ingest.

    `command` starts patchstream's own program; by default the one that comes with the package. Throws INPUT_DAMAGED for
    a folder that is none, or is damaged; PROCESS_DIED where the ingest ended early, having said why on stderr.
    """
    source = open_preprocessed(folder, plans_name)
    with _ingest([*(command or patchstream_command()), "ingest-prepared", str(store), *(["--force"] * force)]) as child:
        _write(child, _describe(source))
        for answer in _answers(child):
            if "read" in answer:
                _write_case(child, source.read(cast(str, answer["read"])), source)
            else:
                return cast(Mapping[str, object], answer["stored"])
    raise PatchstreamError({"code": "PROCESS_DIED", "doing": "writes the store", "reason": "see its message above"})


def patchstream_command() -> Sequence[str]:
    """How patchstream's own program is started."""
    from patchstream.server.program import command

    return command()


@contextmanager
def _ingest(command: Sequence[str]) -> Generator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            yield child
        except BrokenPipeError:
            child.wait()  # it has said why on stderr
            reason = f"it ended with code {child.returncode}, see its message above"
            raise PatchstreamError({"code": "PROCESS_DIED", "doing": "writes the store", "reason": reason}) from None
        except BaseException:
            child.kill()
            raise


def _describe(source: PreprocessedFolder) -> Mapping[str, object]:
    beside = {"fingerprint": source.fingerprint, "splits": source.splits}
    return {
        "name": source.name,
        "dataset": source.dataset,
        "plans": source.plans,
        "cases": [{"id": case, "sha256": source.sha256(case)} for case in source.cases],
        **{name: value for name, value in beside.items() if value is not None},
    }


def _write_case(child: subprocess.Popen[bytes], one: PreprocessedCase, source: PreprocessedFolder) -> None:
    found = one.properties
    transpose = cast(Sequence[int], source.plans["transpose_forward"])
    original = [found.shape_before_crop[transpose.index(axis)] for axis in range(3)]
    line: dict[str, object] = {
        "id": one.case,
        "source": str(one.file),
        "shape": one.image.shape,
        "locations": [len(places) for places in found.locations],
        "originalShape": original,
        "originalSpacingMm": found.spacing,
        "cropStart": found.crop_start,
        "cropEnd": found.crop_end,
    }
    if found.affine is not None:
        line["affine"] = found.affine
    reference = source.reference(one.case)
    if reference is not None:
        line["reference"] = str(reference)
    _write(child, line)
    to = cast(IO[bytes], child.stdin)
    for array, kind in ((one.image, "<f4"), (one.label, "<i2"), *((places, "<u4") for places in found.locations)):
        to.write(np.ascontiguousarray(array, dtype=kind).tobytes())
    to.flush()


def _write(child: subprocess.Popen[bytes], line: Mapping[str, object]) -> None:
    to = cast(IO[bytes], child.stdin)
    to.write(json.dumps(line, allow_nan=False).encode() + b"\n")
    to.flush()


def _answers(child: subprocess.Popen[bytes]) -> Iterator[Mapping[str, object]]:
    for line in cast(IO[bytes], child.stdout):
        yield json.loads(line)
