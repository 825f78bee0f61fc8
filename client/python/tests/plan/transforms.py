"""Transforms as TypeScript writes them."""

import json
from dataclasses import asdict
from typing import Any

from patchstream.plan import Transform

_NAMES = {"angles_rad": "anglesRad", "in_plane": "inPlane"}


def as_json(value: object) -> Any:
    """What JSON makes of a value: tuples are lists."""
    return json.loads(json.dumps(value))


def transform_json(transform: Transform) -> dict[str, Any]:
    return {_NAMES.get(name, name): as_json(value) for name, value in asdict(transform).items()}
