"""`patchstream.json` in a training's folder: which batches it has, so that a resumed one has the same."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from patchstream.errors import PatchstreamError, refuse

NAME = "patchstream.json"


def write_record(folder: Path, digest: str, spec: Mapping[str, object]) -> None:
    """Notes what a new training has begun with."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(json.dumps({"digest": digest, "data": spec}, indent=2) + "\n")


def check_record(folder: Path, digest: str, spec: Mapping[str, object]) -> None:
    """Throws SPEC_INVALID where a training that goes on would get other batches than it began with."""
    file = folder / NAME
    if not file.is_file():
        reason = "there is no such file"
        want = "beside the checkpoint: only a training that began with this trainer goes on with it"
        raise PatchstreamError({"code": "INPUT_DAMAGED", "file": str(file), "reason": reason, "want": want})
    record = cast(Mapping[str, object], json.loads(file.read_text()))
    if record["digest"] == digest:
        return
    began = cast(Mapping[str, object], record["data"])
    for name in sorted({*began, *spec}):
        if began.get(name) != spec.get(name):
            want = f"{json.dumps(began.get(name))}, with which this training began ({file})"
            raise refuse(f"data.{name}", spec.get(name), want)
    raise refuse(
        "the run digest", digest, f"{record['digest']}, with which this training began: its data is another now"
    )
