"""Batches of loaders are traced, also those that worker processes receive."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("monai")
pytest.importorskip("opentelemetry.sdk.trace")

from tests.serving import SMALL_SPEC, Server
from tests.spans_to_file import spans_in

pytestmark = pytest.mark.torch

PROGRAM = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
import patchstream
from tests.spans_to_file import ToFile

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ToFile()))
trace.set_tracer_provider(provider)

if __name__ == "__main__":
    run = patchstream.connect(sys.argv[1]).open_run(SPEC)
    for batch in run.on("val").monai():
        print(batch["traceparent"])
    loader = run.torch(num_workers=1)
    for batch in loader:
        print(batch.traceparent)
    loader.close()
"""


def test_batches_of_this_process_and_of_a_worker_name_the_spans_of_their_wants(
    sample_server: Server, tmp_path: Path
) -> None:
    file, program = tmp_path / "spans.jsonl", tmp_path / "program.py"
    program.write_text(PROGRAM.replace("SPEC", repr(SMALL_SPEC)), encoding="utf8")
    environment = {**os.environ, "SPANS": str(file), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(program), sample_server.address]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    named = {tuple(line.split("-")[1:3]) for line in said.splitlines()}
    assert named == {(want.trace, want.id) for want in spans_in(file)}
    assert len(named) == 18 + 24  # val, train
