"""Whether batches are traced (docs/reference/traces.md), which an OpenTelemetry SDK of this process decides."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tracing import Tracing


def open_tracing() -> "Tracing | None":
    """The tracing of this process; None where no SDK was set up: then nothing of OpenTelemetry is loaded."""
    if "opentelemetry.trace" not in sys.modules:
        return None  # Who has set up an SDK has loaded the API.
    from opentelemetry import trace

    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    from .tracing import Tracing

    return Tracing()
