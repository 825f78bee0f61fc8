"""What tests of traces do in a process of its own, where an SDK stays set up once it is."""

import sys
from typing import TYPE_CHECKING, NamedTuple

import patchstream
from patchstream import Batch, Run
from tests.page_program import page_program
from tests.relay import Relay
from tests.serving import SMALL_SPEC
from tests.written_spans import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.sdk.trace.sampling import Sampler


class Read(NamedTuple):
    """A batch that was read."""

    step: int
    stage: int
    checksum: int
    carrier: str
    bytes: int
    traceparent: str | None


def read_of(batch: Batch) -> Read:
    return Read(batch.step, batch.stage, batch.checksum, batch.carrier, batch.memory.nbytes, batch.traceparent)


def read_with_decision(run: Run) -> list[Read]:
    """The whole of a run of SMALL_SPEC, whose stage is changed behind its fourth step; wants are taken back there."""
    read = [read_of(next(run)) for _ in range(4)]
    run.change_stage(1, immediate=True)
    return read + [read_of(batch) for batch in run]


def read_without_api(address: str) -> tuple[list[Read], bool]:
    """Whether OpenTelemetry was loaded by it, too."""
    with patchstream.connect(address) as client:
        return read_with_decision(client.open_run(SMALL_SPEC)), any("opentelemetry" in name for name in sys.modules)


def read_without_sdk(address: str) -> list[Read]:
    import opentelemetry.trace

    assert opentelemetry.trace
    with patchstream.connect(address) as client:
        return read_with_decision(client.open_run(SMALL_SPEC))


def read_traced(address: str) -> tuple[list[Read], list[Span]]:
    """With the spans that were written."""
    exporter = set_up_sdk()
    with patchstream.connect(address) as client:
        return read_with_decision(client.open_run(SMALL_SPEC)), written(exporter)


def read_damaged(address: str) -> tuple[list[Read], list[Span]]:
    """The last steps, one of which comes damaged once."""
    exporter = set_up_sdk()
    with Relay(address) as relay, patchstream.connect(relay.address, carrier="grpc") as client:
        run = client.open_run(SMALL_SPEC, credit_batches=1, start_step=20)
        relay.damage(1)
        return [read_of(batch) for batch in run], written(exporter)


def read_sampled(address: str) -> tuple[list[Read], list[Span]]:
    """The SDK samples about half of the traces."""
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    exporter = set_up_sdk(TraceIdRatioBased(0.5))
    with patchstream.connect(address) as client:
        return [read_of(batch) for batch in client.open_run(SMALL_SPEC)], written(exporter)


def run_page(address: str) -> list[Span]:
    """The program of docs/reference/traces.md, on a short run."""
    exporter = set_up_sdk()
    program = page_program("docs/reference/traces.md").replace("localhost:7070", address)
    exec(program.replace('{"dataset": "Task04_Hippocampus"}', repr(SMALL_SPEC)), {})
    return written(exporter)


def set_up_sdk(sampler: "Sampler | None" = None) -> "InMemorySpanExporter":
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


def written(exporter: "InMemorySpanExporter") -> list[Span]:
    return [
        Span(
            span.name,
            span.kind.name,
            dict(span.attributes or {}),
            f"{context.trace_id:032x}",
            f"{context.span_id:016x}",
            None if span.parent is None else f"{span.parent.span_id:016x}",
        )
        for span in exporter.get_finished_spans()
        if (context := span.get_span_context()) is not None
    ]
