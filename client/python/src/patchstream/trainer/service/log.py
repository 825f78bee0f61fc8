"""The service's log: JSON lines on stderr, without patients' data: numbers, addresses, words of our own."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Literal

Level = Literal["debug", "info", "warn", "error", "silent"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warn", "error", "silent")

_EVENTS: Mapping[str, Level] = {
    "started": "info",
    "token-refused": "warn",
    "call-refused": "warn",
    "call-failed": "error",
    "certificate-renewed": "info",
    "tokens-renewed": "info",
    "renewal-refused": "warn",
    "draining": "info",
    "listener-closed": "info",
    "stopped": "info",
    "training-queued": "info",
    "training-started": "info",
    "training-ended": "info",
    "training-failed": "error",
    "training-damaged": "error",
    "process-died": "error",
    "process-output": "debug",
}


class ServiceLog:
    """Writes events of a level and above. A log that cannot be written ends no service."""

    def __init__(self, level: Level) -> None:
        """`silent` writes nothing."""
        self._least = LEVELS.index(level)

    def write(self, event: str, **facts: object) -> None:
        """An event of the closed list."""
        level = _EVENTS[event]
        if LEVELS.index(level) < self._least:
            return
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"level": level, "time": time, "pid": os.getpid(), "event": event, **facts})
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            return

    def output(self, line: str) -> None:
        """A line that a training's process printed."""
        self.write("process-output", line=line)
