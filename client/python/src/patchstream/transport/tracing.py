"""Spans of batches (docs/reference/traces.md), for the OpenTelemetry SDK of this process. Loaded where there is one."""

from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ..package_version import package_version
from ..timeline import Timeline
from ..wire.stream import ReceivedBatch

_CALL = {"rpc.system": "grpc", "rpc.service": "patchstream.v1.DataService", "rpc.method": "Stream"}
"""OpenTelemetry's own attributes of the call, the same at both its ends."""
_W3C = TraceContextTextMapPropagator()


class WantSpan:
    """A step that is wanted, and whose batch has not come."""

    def __init__(self, span: Span) -> None:
        """One that the SDK samples."""
        self._span = span
        carrier: dict[str, str] = {}
        _W3C.inject(carrier, trace.set_span_in_context(span, Context()))
        self.traceparent = carrier["traceparent"]
        """W3C `traceparent` that makes other spans its children."""

    def received(self, batch: ReceivedBatch, *, damaged_times: int) -> None:
        """Ends it."""
        self._end(
            {
                "patchstream.outcome": "received",
                "patchstream.carrier": batch.carrier,
                "patchstream.batch.bytes": batch.memory.nbytes,
                "patchstream.damaged": damaged_times,
            }
        )

    def taken_back(self) -> None:
        """Ends it."""
        self._end({"patchstream.outcome": "taken back"})

    def _end(self, attributes: Mapping[str, str | int]) -> None:
        self._span.set_attributes(attributes)
        self._span.end()


class Tracing:
    """Writes spans."""

    def __init__(self) -> None:
        """Of the SDK that is set up now."""
        self._tracer = trace.get_tracer("patchstream", package_version())

    def want(self, *, timeline: Timeline, rank: int, step: int, stage: int) -> WantSpan | None:
        """Begins a trace: a step is asked for. None for one that the SDK does not sample."""
        attributes = {
            **_CALL,
            "patchstream.timeline": timeline,
            "patchstream.step": step,
            "patchstream.stage": stage,
            "patchstream.rank": rank,
        }
        # An empty context: whoever takes a batch wants a later one, which is no part of what that caller does.
        span = self._tracer.start_span("patchstream.want", Context(), SpanKind.CLIENT, attributes)
        return WantSpan(span) if span.get_span_context().trace_flags.sampled else None

    def record(self, name: str, traceparent: str, began_ns: int, attributes: Mapping[str, str | int | float]) -> None:
        """Writes down what ends now, below the span that `traceparent` names. `began_ns`: of `time.time_ns()`."""
        below = _W3C.extract({"traceparent": traceparent}, Context())
        self._tracer.start_span(name, below, attributes=attributes, start_time=began_ns).end()

    def flush(self) -> None:
        """Has the SDK send what it holds: a process of ours ends without its knowing."""
        flush = getattr(trace.get_tracer_provider(), "force_flush", None)
        if flush is not None:
            flush()
