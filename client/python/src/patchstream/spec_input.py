"""The ways in which a run spec can be given."""

import json
import os
from collections.abc import Mapping
from typing import TypeAlias, cast

from .errors import PatchstreamError, refuse
from .wire.named_file import not_what_it_must_be, read_named_file

SpecInput: TypeAlias = Mapping[str, object] | str | bytes | os.PathLike[str]
"""The `data` part of a run spec, or a whole run spec with `data` and `training`.

As a dict, as JSON, or the path of a JSON file.
"""

_WANT = "a run spec in JSON"
_FORM = 'The least is {"dataset": NAME}, with the name that describe_dataset() says.'


def spec_bytes(spec: SpecInput) -> bytes:
    """The JSON of the `data` part, for a server to resolve.

    Raises INPUT_DAMAGED for a file that is not there or holds something else, SPEC_INVALID for what is no run spec.
    """
    if isinstance(spec, bytes):
        return _data_part(_parsed(spec), spec)
    if isinstance(spec, Mapping):
        return _data_part(spec)
    if isinstance(spec, str) and spec.lstrip()[:1] in ("{", "["):
        return _data_part(_parsed(spec))
    if not isinstance(spec, str | os.PathLike) or spec == "":  # pyright: ignore[reportUnnecessaryIsInstance]
        raise refuse("the run spec", spec, "a dict, JSON, or the path of a JSON file", _FORM)
    return _data_part(_parsed_file(spec))


def _parsed(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise refuse("the run spec", str(text[:200]), f"JSON ({error})", _FORM) from error


def _parsed_file(file: str | os.PathLike[str]) -> object:
    content = read_named_file(file, _WANT)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        raise not_what_it_must_be(file, f"it cannot be read as JSON ({error})", _WANT) from error


def _data_part(document: object, as_given: bytes | None = None) -> bytes:
    """`as_given`: the bytes that `document` was read from, which go unchanged where they are the data part."""
    if not isinstance(document, Mapping):
        raise refuse("the run spec", document, "an object", _FORM)
    fields = cast(Mapping[str, object], document)
    if "data" not in fields:
        return as_given or _written(fields)
    unknown = next((name for name in fields if name not in ("data", "training")), None)
    if unknown is not None:
        raise refuse(unknown, fields[unknown], 'left out: a run spec has "data" and "training" only')
    data = fields["data"]
    if not isinstance(data, Mapping):
        raise refuse("data", data, "an object", _FORM)
    return _written(cast(Mapping[str, object], data))


def _written(data: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(data, allow_nan=False, ensure_ascii=False, default=_plain).encode()
    except (TypeError, ValueError) as error:
        raise PatchstreamError(
            {"code": "SPEC_INVALID", "field": "the run spec", "got": str(error), "want": "what JSON can hold"}
        ) from error


def _plain(value: object) -> object:
    """numpy's numbers and arrays, and other mappings, as JSON has them."""
    if isinstance(value, Mapping):
        return dict(cast(Mapping[str, object], value))
    to_list = getattr(value, "tolist", None)
    if callable(to_list):
        return to_list()
    raise TypeError(f"{type(value).__name__} is no JSON")
