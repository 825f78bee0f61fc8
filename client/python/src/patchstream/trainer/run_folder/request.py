"""What a training was started with, in `run.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.json_lines import to_json
from patchstream.trainer.run_folder.write_file import replace_file
from patchstream.trainer.spec import RunSpec, parse_run_spec

REQUEST_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """Kept in the training's folder."""

    data: tuple[str, ...]
    """Addresses of its data servers."""
    run: Mapping[str, Any]
    """The run spec as it was sent."""
    key: str = ""
    """What its caller called the start; empty: nothing."""


def write_request(folder: Path, request: TrainingRequest) -> None:
    """Raises WRITE_FAILED, and what was there before is whole."""
    key = {"key": request.key} if request.key else {}
    text = to_json({"data": list(request.data), "run": request.run, **key})
    replace_file(folder / REQUEST_FILE, [f"{text}\n".encode()])


def read_request(folder: Path) -> tuple[TrainingRequest, RunSpec]:
    """The request, and its run spec as read. Raises INPUT_DAMAGED, also for a spec that is not understood."""
    file = folder / REQUEST_FILE
    try:
        document = _document(file)
        data, run, key = document["data"], document["run"], document.get("key", "")
        if not isinstance(data, list) or not all(isinstance(address, str) for address in cast(list[object], data)):
            raise TypeError("it has no data")
        if not isinstance(key, str):
            raise TypeError("its key is no text")
        spec = parse_run_spec(run)
        return TrainingRequest(tuple(cast(list[str], data)), run, key), spec
    except (OSError, ValueError, TypeError, LookupError, PatchstreamError) as error:
        facts = {"file": str(file), "reason": _reason(error), "want": "what the trainer wrote there"}
        raise PatchstreamError({"code": "INPUT_DAMAGED", **facts}) from error


def _document(file: Path) -> Mapping[str, Any]:
    """Raises TypeError for what is no object."""
    document = json.loads(file.read_bytes())
    if not isinstance(document, dict):
        raise TypeError("it has no data")
    return cast(Mapping[str, Any], document)


def _reason(error: Exception) -> str:
    """In one line."""
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    if isinstance(error, UnicodeDecodeError | json.JSONDecodeError):
        return f"it is no JSON: {error}"
    return str(error)
