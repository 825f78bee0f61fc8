"""What a process of the trainer and the trainer say to each other: JSON objects, each with bytes behind it."""

import json
import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

Message: TypeAlias = Mapping[str, Any]
"""`kind` says which it is.

To the process: `job` first; `stop` (end after the step in progress), `setStage`, `flushed` (every event sent before the
last `flush` is in the training's log), `imageBytes`. From it: `hello` first; `event`, `flush`, `notice`, `stageSet`,
`stageRefused`, `label`, `labelBytes`; `result` or `failed` is the last.
"""

HEAD = struct.Struct("<IQ")
"""Bytes of the JSON, and of what follows it."""


def encode(message: Message, data: bytes | memoryview = b"") -> bytes:
    """A message as it travels."""
    text = json.dumps(message).encode()
    return b"".join([HEAD.pack(len(text), len(data)), text, data])


def decode(text: bytes) -> Message:
    """The JSON of a message."""
    return json.loads(text)
