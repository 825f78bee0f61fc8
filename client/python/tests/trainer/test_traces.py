"""The PyTorch trainer's steps are parts of their batches' traces."""

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("opentelemetry.instrumentation")

from tests.spans_to_file import ToFile, spans_in
from tests.trainer.conftest import Run
from tests.trainer.trainers import Calls, last_state, steps, trainer
from tests.written_spans import serve_traced

pytestmark = pytest.mark.torch

INSTRUMENT = str(Path(sys.executable).with_name("opentelemetry-instrument"))


def exported_to(file: Path) -> dict[str, str]:
    """Environment variables. The exporter is found as an installed one is, told of beside the file."""
    about = file.parent / "spans_to_file-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spans-to-file\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[opentelemetry_traces_exporter]\nfile = {ToFile.__module__}:ToFile\n")
    return {
        "SPANS": str(file),
        "PYTHONPATH": os.pathsep.join([str(file.parent), str(Path(__file__).parents[2])]),
        "OTEL_TRACES_EXPORTER": "file",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }


def test_a_step_is_below_the_want_of_its_batch_where_the_trainer_was_started_by_opentelemetry_instrument(
    sample_store: Path, tiny_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "spans.jsonl"
    with serve_traced(sample_store, tmp_path) as server:
        for name, value in exported_to(file).items():
            monkeypatch.setenv(name, value)
        with trainer("torch", tmp_path / "runs", before=[INSTRUMENT]) as one, Calls(one.address) as calls:
            events = list(calls.watch(calls.start(tiny_run(), [server.address])))
            assert last_state(events)["state"] == "TRAINING_STATE_DONE"
        served = server.ended()
    wants = {span.id: span for span in spans_in(file) if span.name == "patchstream.want"}
    taken = [span for span in spans_in(file) if span.name == "patchstream.step"]
    assert [one.attributes["patchstream.step"] for one in taken] == list(range(20))
    for step, told in zip(taken, steps(events), strict=True):
        assert step.parent is not None
        want = wants[step.parent]
        assert (step.kind, step.trace) == ("INTERNAL", want.trace)
        assert want.attributes["patchstream.step"] == told["step"]
        assert want.attributes["patchstream.outcome"] == "received"
        assert [span.parent for span in served if (span.name, span.trace) == ("patchstream.serve", want.trace)] == [
            want.id
        ]
        assert step.attributes == {
            "patchstream.step": told["step"],
            "patchstream.stage": told["stage"],
            "patchstream.epoch": told["epoch"],
            "patchstream.loss": told["loss"],
            "patchstream.waited_ms": told["waited_ms"],
        }
