"""The service around trainings: whoever scrapes, probes or lists sees no difference between the two trainers."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import grpc
import pytest

pytest.importorskip("torch")
pytest.importorskip("prometheus_client")
pytest.importorskip("grpc_reflection")

from google.protobuf import descriptor_pb2
from google.protobuf.json_format import MessageToDict

from patchstream.v1 import data_pb2
from patchstream.v1 import trainer_pb2 as wire
from patchstream.wire.failures import call_failure, status_of
from tests.serving import Server, serve
from tests.trainer.conftest import Run
from tests.trainer.trainers import Calls, Event, Reflection, bodies, last_state, steps, trainer

pytestmark = pytest.mark.torch

KINDS = ("onnx", "torch")
SERVICE = "patchstream.v1.TrainerService"


Sample = tuple[str, frozenset[tuple[str, str | float]]]
"""A metric's name and labels, `version` left out."""


def scraped(address: str) -> dict[Sample, float]:
    """Samples of our own metrics."""
    with urlopen(f"http://{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    samples: dict[Sample, float] = {}
    for name, labels, value in re.findall(r"^(patchstream_\w+)(?:\{(.*?)\})? (\S+)$", text, re.MULTILINE):
        named = dict(re.findall(r'(\w+)="(.*?)"', labels))
        named.pop("version", None)
        kept = {key: float(one) if key == "le" else one for key, one in named.items()}
        samples[name, frozenset(kept.items())] = float(value)
    return samples


def listed(calls: Calls) -> list[Mapping[str, Any]]:
    answer = calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse)
    entries = [MessageToDict(entry, always_print_fields_with_no_presence=True) for entry in answer.trainings]
    return [
        {name: value for name, value in entry.items() if name not in ("id", "smoothedPseudoDice")} for entry in entries
    ]


def check_in_short(short: Sequence[Event], whole: Sequence[Event]) -> None:
    """A training of few steps has a row for each of them."""
    assert [(row["first_step"], row["loss_sum"], row["samples"]) for row in bodies("steps", short)] == [
        (step["step"], step["loss"], "4" if step["stage"] == 0 else "2") for step in steps(whole)
    ]
    assert [one for one in short if one["kind"] != "steps"] == [one for one in whole if one["kind"] != "step"]


def test_what_is_printed_counted_and_listed(sample_server: Server, tiny_run: Run, tmp_path: Path):
    told: list[Mapping[str, Any]] = []
    counted: list[dict[Sample, float]] = []
    lists: list[list[Mapping[str, Any]]] = []
    for kind in KINDS:
        runs = tmp_path / kind
        with trainer(kind, runs, "--metrics-port", "0") as one, Calls(one.address) as calls:
            told.append(one.told)
            name = calls.start(tiny_run(data={"valSteps": 1}), [sample_server.address])
            events = list(calls.watch(name))
            assert last_state(events)["state"] == "TRAINING_STATE_DONE"
            check_in_short(list(calls.watch(name, in_short=True)), events)
            with pytest.raises(grpc.RpcError):
                list(calls.watch("nothing"))
            lists.append(listed(calls))
            counted.append(scraped(one.told["metrics"]))
            with pytest.raises(HTTPError, match="404"):
                urlopen(f"http://{one.told['metrics']}/", timeout=30)
        # One that has started again reads it from the files.
        with trainer(kind, runs) as one, Calls(one.address) as calls:
            lists.append(listed(calls))
    assert told[0].keys() == told[1].keys()
    assert {**told[0], "address": "", "metrics": "", "memoryBytes": 0} == {
        **told[1],
        "address": "",
        "metrics": "",
        "memoryBytes": 0,
    }
    assert lists[0] == lists[1] == lists[2] == lists[3]

    theirs, ours = counted
    assert ours.keys() == theirs.keys()
    measured = ("_seconds_sum", "_seconds_bucket", "_training_loss", "_training_mean_dice", "_memory_limit_bytes")
    for sample in ours:
        if not sample[0].endswith(measured):
            assert ours[sample] == theirs[sample], sample
    no_labels: frozenset[tuple[str, str | float]] = frozenset()
    loss = "patchstream_training_loss", no_labels
    assert ours[loss] == pytest.approx(theirs[loss], abs=1e-3)
    assert ours["patchstream_training_steps_total", no_labels] == 20


def test_reflection_describes_the_same_services(tmp_path: Path):
    lists: list[list[str]] = []
    methods: list[Mapping[str, Any]] = []
    for kind in KINDS:
        with trainer(kind, tmp_path / kind) as one:
            reflection = Reflection(one.address)
            for version in ("v1", "v1alpha"):
                service = f"grpc.reflection.{version}.ServerReflection"
                services = reflection.ask(service, list_services="").list_services_response.service
                lists.append(sorted(entry.name for entry in services))
                methods.append({name: methods_of(name, reflection, service) for name in lists[0]})
    assert lists[0] == lists[1] == lists[2] == lists[3]
    assert methods[0] == methods[1] == methods[2] == methods[3]
    assert len(methods[0][SERVICE]) == len(wire.DESCRIPTOR.services_by_name["TrainerService"].methods)


def methods_of(name: str, reflection: Reflection, service: str) -> Mapping[str, Any]:
    """The methods of the service called `name`, with the names of what they take and give."""
    answer = reflection.ask(service, file_containing_symbol=name)
    files = [
        descriptor_pb2.FileDescriptorProto.FromString(file)
        for file in answer.file_descriptor_response.file_descriptor_proto
    ]
    return {
        method.name: (method.input_type, method.output_type, method.client_streaming, method.server_streaming)
        for file in files
        for one in file.service
        if f"{file.package}.{one.name}" == name
        for method in one.method
    }


def test_it_is_said_how_the_data_servers_do_and_what_is_waited_for(sample_store: Path, tiny_run: Run, tmp_path: Path):
    said: list[Mapping[str, Any]] = []
    for kind in KINDS:
        with serve(sample_store) as server, trainer(kind, tmp_path / kind) as one, Calls(one.address) as calls:
            run = tiny_run(data={"stepsPerEpoch": 1000})
            name = calls.start(run, [server.address])
            events = calls.watch(name)
            assert any(event["kind"] == "step" for event in events)
            server.end("SIGSTOP")
            fleet, until = calls.describe(name).fleet, monotonic() + 60
            while not fleet.HasField("awaited") or fleet.replicas[0].state != wire.REPLICA_STATE_SILENT:
                assert monotonic() < until, fleet
                fleet = calls.describe(name).fleet
            (replica,) = fleet.replicas
            assert replica.address == server.address
            assert (fleet.awaited.timeline, list(fleet.awaited.asked)) == (data_pb2.TIMELINE_TRAIN, [server.address])
            assert fleet.awaited.waited_ms > 0
            assert replica.heard_ms > 0
            assert 0 < replica.batches <= fleet.awaited.step
            server.end("SIGCONT")
            calls.call("StopTraining", wire.StopTrainingRequest(training=name), wire.StopTrainingResponse)
            assert not calls.describe(name).HasField("fleet")
            said.append(MessageToDict(replica))
    assert said[0].keys() == said[1].keys()


def test_a_training_that_never_fits_into_the_memory_is_refused(sample_server: Server, tiny_run: Run, tmp_path: Path):
    for kind in KINDS:
        with trainer(kind, tmp_path / kind, "--memory", "64MiB") as one, Calls(one.address) as calls:
            with pytest.raises(grpc.RpcError) as caught:
                calls.start(tiny_run(), [sample_server.address])
            assert isinstance(caught.value, grpc.Call)
            error = call_failure(status_of(caught.value), address="trainer", method="call")
            assert (error.code, error.facts["limit"]) == ("LIMIT_EXCEEDED", "memory_bytes")
            assert "is estimated to take" in str(error)
            assert "--memory" in str(error)
            assert error.facts["max"] == one.told["memoryBytes"] == 64 << 20


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_in_order_when_the_pipe_of_who_started_it_closes(kind: str, tmp_path: Path):
    with trainer(kind, tmp_path, "--until-stdin-closes", stdin=subprocess.PIPE) as one:
        assert one.process.stdin is not None
        one.process.stdin.close()
        one.process.stdin = None
        assert one.process.wait(120) == 0
