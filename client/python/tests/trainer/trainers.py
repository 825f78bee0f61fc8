"""Real trainers for tests, ours and the TypeScript one, and the calls that are made of them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from patchstream.v1 import trainer_pb2 as wire
from tests.serving import REPOSITORY

Event = Mapping[str, Any]
"""As `patchstream train --json` prints it."""

_SERVICE = "/patchstream.v1.TrainerService/"


@dataclass(frozen=True)
class Trainer:
    """A trainer that runs until its context ends."""

    address: str
    runs: Path
    process: "subprocess.Popen[str]"
    told: Mapping[str, Any]
    """What it printed when it was ready."""

    def kill(self) -> None:
        """Ends it with no chance to do anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def trainer(
    kind: str, runs: Path, *flags: str, stdin: int | None = None, before: Sequence[str] = ()
) -> Generator[Trainer]:
    """`kind` is `torch`, ours, or `onnx`, the TypeScript one; `before` stands before its command."""
    program = {
        "torch": [sys.executable, "-m", "patchstream.trainer"],
        "onnx": ["node", str(REPOSITORY / "dist" / "cli" / "main.js"), "trainer", "--engine", "onnx"],
    }[kind]
    common = ["--runs", str(runs), "--threads", "1", "--json", "--log-level", "silent", "--port", "0"]
    path = os.pathsep.join([str(REPOSITORY / "client" / "python" / "src"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [*before, *program, *common, *flags]
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline() or "{}")
        if "address" not in ready:
            raise RuntimeError(f"the trainer did not begin: {ready}")
        yield Trainer(ready["address"], runs, process, ready)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


class Calls:
    """The calls of TrainerService."""

    def __init__(self, address: str, token: str | None = None) -> None:
        """Plain text, to this machine."""
        self._channel = grpc.insecure_channel(address)
        self._metadata = () if token is None else (("authorization", f"Bearer {token}"),)

    def __enter__(self) -> "Calls":
        """Closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends every call."""
        self._channel.close()

    def start(self, run: object, data: Sequence[str]) -> str:
        """The new training's id."""
        request = wire.StartTrainingRequest(run=json.dumps(run).encode(), data=data)
        return self.call("StartTraining", request, wire.StartTrainingResponse).training

    def resume(self, training: str, data: Sequence[str] = ()) -> None:
        """Goes on with a training that has ended."""
        request = wire.StartTrainingRequest(data=data, resume=training)
        self.call("StartTraining", request, wire.StartTrainingResponse)

    def watch(self, training: str, *, in_short: bool = False) -> Iterator[Event]:
        """Its events from the first to the last."""
        stream = self._channel.unary_stream(
            f"{_SERVICE}WatchTraining",
            wire.WatchTrainingRequest.SerializeToString,
            wire.WatchTrainingResponse.FromString,
        )
        request = wire.WatchTrainingRequest(training=training, in_short=in_short)
        for one in stream(request, metadata=self._metadata):
            kind = one.WhichOneof("kind")
            body = getattr(one, kind)
            yield {"kind": kind, kind: _fields(body)}

    def describe(self, training: str) -> wire.DescribeTrainingResponse:
        """What it was started with, and how its data servers do."""
        request = wire.DescribeTrainingRequest(training=training)
        return self.call("DescribeTraining", request, wire.DescribeTrainingResponse)

    def call(self, method: str, request: Message, answer: Any) -> Any:
        """A unary call."""
        unary = self._channel.unary_unary(f"{_SERVICE}{method}", type(request).SerializeToString, answer.FromString)
        return unary(request, metadata=self._metadata, timeout=120)

    def checkpoint(self, training: str, kind: Any = wire.CHECKPOINT_KIND_LATEST) -> bytes:
        """A checkpoint's file."""
        stream = self._channel.unary_stream(
            f"{_SERVICE}GetCheckpoint",
            wire.GetCheckpointRequest.SerializeToString,
            wire.GetCheckpointResponse.FromString,
        )
        request = wire.GetCheckpointRequest(training=training, checkpoint=kind)
        return b"".join(chunk.data for chunk in stream(request, metadata=self._metadata))

    def predict(self, requests: Iterable[wire.PredictRequest]) -> list[wire.PredictResponse]:
        """All answers."""
        stream = self._channel.stream_stream(
            f"{_SERVICE}Predict", wire.PredictRequest.SerializeToString, wire.PredictResponse.FromString
        )
        return list(stream(iter(requests), metadata=self._metadata))


def _fields(message: Message) -> dict[str, Any]:
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


class Reflection:
    """What grpcurl and its like ask."""

    def __init__(self, address: str) -> None:
        """Plain text, to this machine."""
        self._address = address

    def ask(self, service: str, **question: Any) -> Any:
        """The answer to one question."""
        from grpc_reflection.v1alpha import reflection_pb2

        with grpc.insecure_channel(self._address) as channel:
            call = channel.stream_stream(
                f"/{service}/ServerReflectionInfo",
                reflection_pb2.ServerReflectionRequest.SerializeToString,
                reflection_pb2.ServerReflectionResponse.FromString,
            )
            (answer,) = call(iter([reflection_pb2.ServerReflectionRequest(**question)]), timeout=60)
        return answer


def outline(events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """What two trainers' events must have in common: kinds, states, stages, steps, in order."""
    lines: list[tuple[Any, ...]] = []
    for event in events:
        kind, body = event["kind"], event[event["kind"]]
        names = ("state", "stage", "from_step", "step", "epoch", "steps_taken", "reason", "patch_size", "kind", "case")
        lines.append((kind, *(str(body[name]) for name in names if name in body)))
    return lines


def bodies(kind: str, events: Iterable[Event]) -> list[Mapping[str, Any]]:
    """The bodies of the events of a kind."""
    return [event[kind] for event in events if event["kind"] == kind]


def steps(events: Iterable[Event]) -> list[Mapping[str, Any]]:
    """The bodies of the steps."""
    return bodies("step", events)


def last_state(events: Sequence[Event]) -> Mapping[str, Any]:
    """The state that it ended in."""
    return events[-1]["state"]
