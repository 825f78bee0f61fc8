"""The spans that a data server writes: a real one, traced as `node --import` does it for a user."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.serving import REPOSITORY, Server, serve


@dataclass(frozen=True, slots=True)
class Span:
    """What was written of one; its ids are hex, `parent` None of one that begins a trace."""

    name: str
    kind: str
    attributes: dict[str, Any]
    trace: str
    id: str
    parent: str | None


class TracedServer:
    """A data server that is traced."""

    def __init__(self, server: Server, file: Path) -> None:
        """`file`: what it writes its spans to."""
        self.address = server.address
        self._server = server
        self._file = file

    def ended(self) -> list[Span]:
        """Ends it in order; all its spans."""
        self._server.end("SIGTERM")
        lines = self._file.read_text(encoding="utf8").splitlines() if self._file.exists() else []
        return [_span(json.loads(line)) for line in lines]


def _span(line: Mapping[str, Any]) -> Span:
    kind = {0: "INTERNAL", 1: "SERVER", 2: "CLIENT"}[line["kind"]]
    return Span(line["name"], kind, line["attributes"], line["traceId"], line["spanId"], line["parent"])


@contextmanager
def serve_traced(store: Path, folder: Path) -> Generator[TracedServer]:
    """A server whose spans are kept in `folder`."""
    file = folder / "server-spans.jsonl"
    sdk = REPOSITORY / "test" / "tracing" / "write-spans.mjs"
    with serve(store, environment={"SPANS": str(file), "NODE_OPTIONS": f"--import={sdk}"}) as server:
        yield TracedServer(server, file)
