"""Real data servers for tests: `patchstream serve` in a process of its own."""

import json
import os
import signal
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).resolve().parents[3]
CERTIFICATES = REPOSITORY / "test" / "conformance" / "certificates"
"""`server.pem` is for localhost and 127.0.0.1, signed by `authority.pem`; `client.pem` is what mTLS takes."""
SAMPLE_DATA = REPOSITORY / "examples" / "data" / "Task04_Hippocampus"

SMALL_SPEC: dict[str, object] = {
    "dataset": "Task04_Hippocampus",
    "plan": {"patchSize": [40, 56, 40], "batchSize": 3, "pooling": [3, 3, 3]},
    "stages": [
        {"patchSize": [8, 8, 8], "batchSize": 6, "epochs": 2},
        {"patchSize": [16, 16, 16], "batchSize": 4, "epochs": 2},
        {"patchSize": [40, 56, 40], "batchSize": 3, "epochs": 2},
    ],
    "epochs": 6,
    "stepsPerEpoch": 4,
    "valSteps": 3,
    "strategy": "nnunet",
}
"""The `data` part of a run of 24 steps, 8 a stage, whose largest batch takes two chunks."""

_MAIN = REPOSITORY / "dist" / "cli" / "main.js"
_BUDGETS = ["--workers", "1", "--volume-budget", "64MiB", "--slot-budget", "32MiB"]


@dataclass(frozen=True)
class Server:
    """A data server that runs until its context ends."""

    address: str
    lane: str | None
    metrics: str | None
    process: subprocess.Popen[str]

    def end(self, by: Literal["SIGTERM", "SIGKILL", "SIGSTOP", "SIGCONT"]) -> None:
        """Sends a signal, and for one that ends it waits for the end."""
        self.process.send_signal(signal.Signals[by])
        if by in ("SIGTERM", "SIGKILL"):
            self.process.wait(30)


def patchstream(*arguments: str) -> str:
    """Runs a command to its end; its output."""
    return subprocess.run(["node", str(_MAIN), *arguments], check=True, capture_output=True, text=True).stdout


@contextmanager
def serve(
    store: str | os.PathLike[str], *flags: str, main: Path = _MAIN, environment: Mapping[str, str] | None = None
) -> Generator[Server]:
    """`patchstream serve STORE FLAGS` on a free port (or where `--listen` says); `main` is the program's script.

    `environment` is added to this process's.
    """
    command = ["node", str(main), "serve", os.fspath(store), "--json", "--log-level", "silent", *_BUDGETS, *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if line == "":
            raise RuntimeError(f"the server ended before it was ready: {' '.join(command)}")
        ready = json.loads(line)
        yield Server(ready["address"], ready.get("lane"), ready.get("metrics"), process)
    finally:
        process.kill()
        process.communicate()
