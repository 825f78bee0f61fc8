"""The calls of the service."""

import json
from pathlib import Path

import grpc
import numpy as np
import pytest

pytest.importorskip("torch")

from safetensors.numpy import load as load_safetensors

from patchstream.v1 import data_pb2
from patchstream.v1 import trainer_pb2 as wire
from patchstream.wire.checksums import crc32
from patchstream.wire.failures import call_failure, status_of
from tests.serving import Server
from tests.trainer.conftest import Run
from tests.trainer.trainers import Calls, Event, last_state, outline, steps, trainer

pytestmark = pytest.mark.torch


def failure_of(error: grpc.RpcError):
    assert isinstance(error, grpc.Call)
    return call_failure(status_of(error), address="trainer", method="call")


def set_stage(calls: Calls, name: str, **fields: object):
    return calls.call("SetStage", wire.SetStageRequest(training=name, **fields), wire.SetStageResponse)  # pyright: ignore[reportArgumentType]


def test_a_training_is_watched_steered_stopped_listed_fetched_and_predicts(
    sample_server: Server, tiny_run: Run, tmp_path: Path
):
    run = tiny_run(data={"stepsPerEpoch": 40})
    held_out = run["data"]["split"]["val"][0]
    with trainer("torch", tmp_path / "runs") as one, Calls(one.address) as calls:
        name = calls.start(run, [sample_server.address])
        watched: list[Event] = []
        changed = None
        for event in calls.watch(name):
            watched.append(event)
            if event["kind"] == "step" and event["step"]["step"] == 2:
                changed = set_stage(calls, name, stage=1)
            if changed is not None and event["kind"] == "step" and event["step"]["step"] == changed.from_step:
                calls.call("StopTraining", wire.StopTrainingRequest(training=name), wire.StopTrainingResponse)
        assert changed is not None
        assert last_state(watched)["state"] == "TRAINING_STATE_STOPPED"
        entered = [event["stage"] for event in watched if event["kind"] == "stage"]
        assert [(stage["stage"], stage["reason"]) for stage in entered] == [(0, "scheduled"), (1, "manual")]
        assert entered[1]["from_step"] == changed.from_step
        assert outline(calls.watch(name)) == outline(watched)  # who comes late gets all of the history

        (listed,) = calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse).trainings
        assert listed.state == wire.TRAINING_STATE_STOPPED
        assert listed.steps_taken == steps(watched)[-1]["step"] + 1
        assert listed.steps == 200

        asked = wire.DescribeTrainingRequest(training=name)
        described = calls.call("DescribeTraining", asked, wire.DescribeTrainingResponse)
        assert json.loads(described.run)["data"]["dataset"] == "Task04_Hippocampus"
        assert list(described.data) == list(listed.data)

        content = load_safetensors(calls.checkpoint(name))
        assert content["curve/loss"].tolist() == [step["loss"] for step in steps(watched)]
        assert {key.partition("/")[0] for key in content} == {"weight", "momentum", "curve"}

        with pytest.raises(grpc.RpcError, match="checkpoint is 7; it must be CHECKPOINT_KIND_LATEST"):
            calls.checkpoint(name, 7)

        case = wire.PredictCase(training=name, case=held_out)
        answers = calls.predict([wire.PredictRequest(case=case)])
        said, *told, begin = answers[: 1 + [one.WhichOneof("kind") for one in answers].index("volume_begin")]
        assert list(said.prediction_begin.steps) == [listed.steps_taken]
        assert list(said.prediction_begin.source_values) == [0, 1, 2]
        assert [one.progress.share for one in told] == sorted(one.progress.share for one in told)
        assert told[-1].progress.share == 1
        *chunks, end = answers[2 + len(told) :]
        label = b"".join(chunk.chunk.data for chunk in chunks)
        assert len(label) == begin.volume_begin.tensor.byte_length == np.prod(begin.volume_begin.tensor.shape)
        assert crc32(label) == end.volume_end.checksum

        image = np.random.default_rng(1).normal(size=(1, 20, 18, 16)).astype(np.float32)
        tensor = data_pb2.Tensor(name="image", type="f32", shape=image.shape)
        asked = wire.PredictImage(training=name, tensor=tensor)
        pieces = [wire.PredictRequest(image=asked), wire.PredictRequest(chunk=data_pb2.Chunk(data=image.tobytes()))]
        (begin,) = (one for one in calls.predict(pieces) if one.HasField("volume_begin"))
        assert list(begin.volume_begin.tensor.shape) == [20, 18, 16]


def test_what_a_caller_got_wrong_is_the_answer(sample_server: Server, tiny_run: Run, tmp_path: Path):
    with trainer("torch", tmp_path / "runs") as one, Calls(one.address) as calls:

        def refused(run: object, data: list[str]) -> str:
            with pytest.raises(grpc.RpcError) as caught:
                calls.start(run, data)
            return str(failure_of(caught.value))

        here = [sample_server.address]
        assert "training.learningrate is not a known field" in refused(tiny_run(training={"learningrate": 1}), here)
        assert "training.momentum is 2; it must be a number from 0 to 1" in refused(
            tiny_run(training={"momentum": 2}), here
        )
        assert 'no engine "onnx"' in refused(tiny_run(training={"engine": "onnx"}), here)
        assert "127.0.0.1:1" in refused(tiny_run(), ["127.0.0.1:1"])
        assert "a multiple of 16 for the network unetr" in refused(tiny_run(training={"network": "unetr"}), here)
        assert list((tmp_path / "runs").glob("2*")) == []
        with pytest.raises(grpc.RpcError) as caught:
            list(calls.watch("nothing"))
        assert failure_of(caught.value).code == "NOT_FOUND"


def test_a_token_is_asked_for(tmp_path: Path):
    tokens = tmp_path / "tokens"
    tokens.write_text("train secret\ndata other\n")
    with trainer("torch", tmp_path / "runs", "--token-file", str(tokens)) as one:
        for token, expected in (("secret", None), ("other", "lacks the scope"), (None, "missing or wrong")):
            with Calls(one.address, token) as calls:
                if expected is None:
                    calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse)
                    continue
                with pytest.raises(grpc.RpcError) as caught:
                    calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse)
                assert expected in str(failure_of(caught.value))


def test_two_trainers_do_not_share_a_runs_folder(tmp_path: Path):
    for first, second in (("onnx", "torch"), ("torch", "onnx")):
        with (
            trainer(first, tmp_path / first),
            pytest.raises(RuntimeError, match="serves this runs folder"),
            trainer(second, tmp_path / first),
        ):
            pass


def test_a_damaged_training_is_listed_with_its_reason(tmp_path: Path, sample_server: Server, tiny_run: Run):
    runs = tmp_path / "runs"
    with trainer("torch", runs) as one, Calls(one.address) as calls:
        name = calls.start(tiny_run(), [sample_server.address])
        assert last_state(list(calls.watch(name)))["state"] == "TRAINING_STATE_DONE"
    (runs / name / "run.json").write_text(json.dumps({"data": 1}))
    with trainer("torch", runs) as one, Calls(one.address) as calls:
        (listed,) = calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse).trainings
        assert listed.state == wire.TRAINING_STATE_DAMAGED
        assert listed.damage.file.endswith("run.json")
