"""Spans that a program and its processes write to a file."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from tests.written_spans import Span


class ToFile(SpanExporter):
    """Writes each span as a line to the file that SPANS names."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with open(os.environ["SPANS"], "a", encoding="utf8") as file:
            file.writelines(f"{span.to_json(indent=None)}\n" for span in spans)
        return SpanExportResult.SUCCESS


def spans_in(file: Path) -> list[Span]:
    """Those that were written."""
    spans: list[Span] = []
    for one in map(json.loads, file.read_text(encoding="utf8").splitlines()):
        kind, context = one["kind"].removeprefix("SpanKind."), one["context"]
        trace, own = (context[name].removeprefix("0x") for name in ("trace_id", "span_id"))
        parent = None if one["parent_id"] is None else one["parent_id"].removeprefix("0x")
        spans.append(Span(one["name"], kind, one["attributes"], trace, own, parent))
    return spans
