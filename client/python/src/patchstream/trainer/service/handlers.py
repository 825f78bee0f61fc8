"""The trainer's service; what each method promises stands in trainer.proto."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from patchstream.errors import PatchstreamError
from patchstream.trainer.loop.tell_fleet import whole_ms
from patchstream.trainer.process.predict_chunks import CHUNK_BYTES
from patchstream.trainer.run_folder.checkpoint import no_checkpoint
from patchstream.trainer.run_folder.json_lines import Entry, to_json
from patchstream.trainer.service.checkpoint_file import checkpoint_file
from patchstream.trainer.service.describe_model import describe_model
from patchstream.trainer.service.methods import Methods
from patchstream.trainer.service.predict import Predictions
from patchstream.trainer.service.running_training import SeenFleet
from patchstream.trainer.service.trainings import Trainings
from patchstream.v1 import trainer_pb2 as wire

SERVICE = "patchstream.v1.TrainerService"


def trainer_handler(trainings: Trainings, predictions: Predictions, methods: Methods) -> grpc.GenericRpcHandler:
    """The service over `trainings`."""

    async def start(request: wire.StartTrainingRequest) -> Message:
        if request.resume:
            await trainings.resume(request.resume, request.data)
            return wire.StartTrainingResponse(training=request.resume)
        started = await trainings.start(_run_of(request.run), request.data, request.key)
        return wire.StartTrainingResponse(training=started)

    async def watch(request: wire.WatchTrainingRequest) -> AsyncGenerator[Message]:
        async with aclosing(trainings.follow(request.training, in_short=request.in_short)) as events:
            async for event in events:
                yield event_message(event)

    async def set_stage(request: wire.SetStageRequest) -> Message:
        asked = {
            "stage": request.stage if request.HasField("stage") else None,
            "fromStep": request.from_step if request.HasField("from_step") else None,
            "hold": request.hold,
        }
        changed = await trainings.set_stage(request.training, asked)
        return wire.SetStageResponse(
            stage=changed["stage"], from_step=changed["fromStep"], schedule_from=changed["scheduleFrom"]
        )

    async def stop(request: wire.StopTrainingRequest) -> Message:
        await trainings.stop(request.training)
        return wire.StopTrainingResponse()

    async def describe_training(request: wire.DescribeTrainingRequest) -> Message:
        asked, fleet = trainings.described(request.training)
        return wire.DescribeTrainingResponse(
            run=to_json(asked.run).encode(), data=asked.data, fleet=None if fleet is None else _fleet_message(fleet)
        )

    async def list_trainings(_request: wire.ListTrainingsRequest) -> Message:
        return ParseDict({"trainings": list(trainings.listed())}, wire.ListTrainingsResponse())

    async def get_checkpoint(request: wire.GetCheckpointRequest) -> AsyncGenerator[Message]:
        folder, _ = trainings.place(request.training)
        for message in _chunks(checkpoint_file(folder, request), request.training):
            yield message

    async def describe(request: wire.DescribeModelRequest) -> Message:
        folder, _ = trainings.place(request.training)
        return describe_model(checkpoint_file(folder, request), request.training)

    handlers: Mapping[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        "StartTraining": methods.unary("StartTraining", wire.StartTrainingRequest, start),
        "WatchTraining": methods.stream("WatchTraining", wire.WatchTrainingRequest, watch),
        "SetStage": methods.unary("SetStage", wire.SetStageRequest, set_stage),
        "StopTraining": methods.unary("StopTraining", wire.StopTrainingRequest, stop),
        "DescribeTraining": methods.unary("DescribeTraining", wire.DescribeTrainingRequest, describe_training),
        "ListTrainings": methods.unary("ListTrainings", wire.ListTrainingsRequest, list_trainings),
        "GetCheckpoint": methods.stream("GetCheckpoint", wire.GetCheckpointRequest, get_checkpoint),
        "DescribeModel": methods.unary("DescribeModel", wire.DescribeModelRequest, describe),
        "Predict": methods.duplex("Predict", wire.PredictRequest, predictions.answer),
    }
    return grpc.method_handlers_generic_handler(SERVICE, handlers)


def event_message(event: Entry) -> wire.WatchTrainingResponse:
    """An event as it travels."""
    kind = event["kind"]
    return ParseDict({kind: event[kind]}, wire.WatchTrainingResponse(), ignore_unknown_fields=True)


def _fleet_message(seen: SeenFleet) -> wire.Fleet:
    return ParseDict({**seen.fields, "ageMs": whole_ms(monotonic() - seen.seen_at)}, wire.Fleet())


def _run_of(run: bytes) -> Any:
    try:
        return json.loads(run)
    except ValueError as error:
        facts = {"field": "run", "got": f"{len(run)} bytes", "want": "a run spec as UTF-8 JSON"}
        raise PatchstreamError({"code": "SPEC_INVALID", **facts}) from error


def _chunks(file: Path, training: str) -> Iterator[Message]:
    try:
        opened = file.open("rb")
    except FileNotFoundError as error:
        raise no_checkpoint(training, file) from error
    with opened:
        size = opened.seek(0, 2)
        opened.seek(0)
        offset = 0
        while data := opened.read(CHUNK_BYTES):
            yield wire.GetCheckpointResponse(offset=offset, total_bytes=size, data=data)
            offset += len(data)
