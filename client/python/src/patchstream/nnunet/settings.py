"""Where a training takes its batches from, and which: a JSON file, and environment variables that go over it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from patchstream.errors import KNOWN_FIELD, PatchstreamError, refuse

FILE = "PATCHSTREAM_NNUNET"
"""Names the JSON file."""

DEFAULT_MODE = "performance"
"""The mode that the paper found best."""

_VARIABLES = {
    "PATCHSTREAM_STORE": ("store",),
    "PATCHSTREAM_SERVERS": ("servers",),
    "PATCHSTREAM_TOKEN_FILE": ("connect", "token_file"),
    "PATCHSTREAM_CA": ("connect", "ca"),
    "PATCHSTREAM_MODE": ("data", "mode"),
}

_CONNECT = ("token_file", "tls", "ca", "cert", "key", "server_name", "deadline_s", "wait_s", "carrier")
_TRAINER = (
    "num_epochs",
    "num_iterations_per_epoch",
    "num_val_iterations_per_epoch",
    "initial_lr",
    "weight_decay",
    "save_every",
)
_NNUNETS_OWN = ("dataset", "split", "epochs", "stepsPerEpoch", "valSteps", "deepSupervision")
"""Fields of a run spec that nnU-Net decides."""


@dataclass(frozen=True)
class Settings:
    """One training's settings; what is left out takes its default."""

    store: str | None = None
    """A store that a server of its own is started for."""
    servers: str | None = None
    """Addresses of data servers, with commas."""
    connect: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options of `patchstream.connect`."""
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    """Fields of the run spec's `data` part (docs/reference/spec.md)."""
    trainer: Mapping[str, object] = field(default_factory=dict[str, object])
    """Attributes of nnUNetTrainer: epochs, iterations, learning rate."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the file, and over it the variables. Throws INPUT_DAMAGED, SPEC_INVALID naming the field."""
    variables = os.environ if environment is None else environment
    file = variables.get(FILE)
    given = {} if file is None else _read_file(Path(file))
    for variable, path in _VARIABLES.items():
        value = variables.get(variable)
        if not value:
            continue
        if path == ("store",):
            given.pop("servers", None)
        if path == ("servers",):
            given.pop("store", None)
        to = given if len(path) == 1 else given.setdefault(path[0], {})
        cast(dict[str, object], to)[path[-1]] = value
    parts = {name: _object(given, name) for name in ("connect", "data", "trainer")}
    for name in given:
        if name not in ("store", "servers", *parts):
            raise refuse(name, given[name], KNOWN_FIELD, "Known: store, servers, connect, data, trainer.")
    _check_names("connect", parts["connect"], _CONNECT)
    _check_names("trainer", parts["trainer"], _TRAINER)
    for name in _NNUNETS_OWN:
        if name in parts["data"]:
            raise refuse(f"data.{name}", parts["data"][name], "left out: nnU-Net's plans, split and trainer decide it")
    store, servers = _text(given, "store"), _text(given, "servers")
    if store is not None and servers is not None:
        raise refuse("servers", servers, "left out, since a store is given")
    return Settings(store=store, servers=servers, **parts)


def nowhere(preprocessed: str) -> PatchstreamError:
    """What to say where neither store nor servers are given."""
    hint = (
        f"Make a store with: patchstream import-nnunet {preprocessed} STORE. "
        "Or name running servers with PATCHSTREAM_SERVERS=HOST:PORT."
    )
    return PatchstreamError(
        {"code": "SPEC_INVALID", "field": "PATCHSTREAM_STORE", "want": "the store to take batches from"}, hint
    )


def _read_file(file: Path) -> dict[str, object]:
    want = f"the JSON file that {FILE} names"
    try:
        value: object = json.loads(file.read_bytes())
    except OSError as error:
        facts = {"code": "INPUT_DAMAGED", "file": str(file), "reason": error.strerror or str(error), "want": want}
        raise PatchstreamError(facts) from error
    except ValueError as error:
        facts = {"code": "INPUT_DAMAGED", "file": str(file), "reason": f"it is no JSON ({error})", "want": want}
        raise PatchstreamError(facts) from error
    if not isinstance(value, dict):
        raise refuse(str(file), value, "an object with store or servers, connect, data, trainer")
    return cast(dict[str, object], value)


def _object(given: Mapping[str, object], name: str) -> dict[str, object]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise refuse(name, value, "an object")
    return cast(dict[str, object], value)


def _text(given: Mapping[str, object], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise refuse(name, value, "text")
    return value


def _check_names(part: str, given: Mapping[str, object], known: tuple[str, ...]) -> None:
    for name, value in given.items():
        if name not in known:
            raise refuse(f"{part}.{name}", value, KNOWN_FIELD, f"Known: {', '.join(known)}.")
