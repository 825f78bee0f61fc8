"""Answers Predict: a case or an image in, its label out, made in a process of its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from patchstream.errors import PatchstreamError, refuse_request
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.inference.geometry import geometry_of
from patchstream.trainer.loop.evaluate import stored_case
from patchstream.trainer.process.start import JobProcess
from patchstream.trainer.process.wire import Message as ProcessMessage
from patchstream.trainer.run_folder.checkpoint import no_checkpoint, read_checkpoint_header
from patchstream.trainer.service.checkpoint_file import checkpoint_file
from patchstream.trainer.service.data_servers import DataAccess, check_addresses
from patchstream.trainer.service.engines import TrainingEngines
from patchstream.trainer.service.estimate_memory import prediction_bytes
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.memory_budget import MemoryBudget
from patchstream.trainer.service.trainings import Trainings
from patchstream.v1 import data_pb2
from patchstream.v1 import trainer_pb2 as wire

_MOST_SILENCE_S = 60.0
"""A caller that sends nothing of its image for so long gives its place to others."""
_MOST_IMAGE_VALUES = 1 << 30
"""Voxels times channels of an image to label: 4 GiB of float32."""


@dataclass
class Predictions:
    """What predictions are made with."""

    trainings: Trainings
    access: DataAccess
    engines: TrainingEngines
    memory: MemoryBudget
    device: DeviceOptions
    log: ServiceLog
    at_once: int
    """How many are made at the same time; more are refused."""
    _running: int = 0

    async def answer(self, requests: AsyncIterator[wire.PredictRequest]) -> AsyncGenerator[Message]:
        """A caller that leaves ends the process.

        Raises SERVER_BUSY for one too many and where memory is not free, and what is wrong with it.
        """
        first = await anext(requests, None)
        kind = None if first is None else first.WhichOneof("kind")
        if first is None or kind not in ("case", "image"):
            raise refuse_request("kind", kind, "case or image, first")
        asked = first.case if kind == "case" else first.image
        folder, data = self.trainings.place(asked.training)
        file = checkpoint_file(folder, asked)
        source = self._case(first.case, data) if kind == "case" else _image(first.image)
        if self._running == self.at_once:
            limit = {"limit": "max_predictions", "got": self._running + 1, "max": self.at_once}
            raise PatchstreamError({"code": "SERVER_BUSY", **limit}, "Try again when one has ended.")
        self._running += 1
        taken = None
        try:
            need = await asyncio.to_thread(_need_bytes, asked.training, file, source)
            taken = self.memory.take_for_prediction(need)
            job: dict[str, Any] = {
                "training": asked.training,
                "checkpoint": str(file),
                "engine": self.engines.chosen("auto"),
                "device": asdict(self.device),
                "source": source,
            }
            async with aclosing(self._answers(requests, job)) as answers:
                async for message in answers:
                    yield message
        finally:
            self._running -= 1
            if taken is not None:
                taken.give_back()

    async def _answers(
        self, requests: AsyncIterator[wire.PredictRequest], job: Mapping[str, Any]
    ) -> AsyncGenerator[Message]:
        answers: asyncio.Queue[Message] = asyncio.Queue()
        label = _Label(answers)
        doing = f"labels an image with training {job['training']}"
        process = JobProcess(doing=doing, take=label.take, notice=self.log.output, write=self.log.write)
        running = asyncio.ensure_future(process.run("predict", job))
        passing = asyncio.ensure_future(_pass_image(requests, job["source"], process))
        try:
            async for message in _until_ended(answers, running, passing):
                yield message
            yield wire.PredictResponse(volume_end=data_pb2.VolumeEnd(checksum=label.checksum))
        finally:
            process.kill(PatchstreamError({"code": "UNAVAILABLE", "address": "the caller", "reason": "it has left"}))
            passing.cancel()
            await asyncio.gather(running, passing, return_exceptions=True)

    def _case(self, asked: wire.PredictCase, data: tuple[str, ...]) -> Mapping[str, Any]:
        addresses = [asked.data] if asked.data else list(data)
        check_addresses(self.access, addresses)
        connection = self.access.connection.as_job()
        return {"kind": "case", "case": asked.case, "data": addresses, "connection": connection}


async def _until_ended(
    answers: "asyncio.Queue[Message]", running: "asyncio.Future[Any]", passing: "asyncio.Future[None]"
) -> AsyncGenerator[Message]:
    """The answers until the process has ended. Raises its failure, and what is wrong with the image."""
    while not (running.done() and answers.empty()):
        waiting = asyncio.ensure_future(answers.get())
        watched = {waiting, running} if passing.done() else {waiting, running, passing}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            yield waiting.result()
        else:
            waiting.cancel()
        if passing.done() and not running.done():
            passing.result()
    running.result()


async def _pass_image(
    requests: AsyncIterator[wire.PredictRequest], source: Mapping[str, Any], process: JobProcess
) -> None:
    """Hands the chunks of an image over, one after the other. Raises REQUEST_INVALID, DEADLINE for a silent caller."""
    if source["kind"] != "image":
        return
    size, received = 4 * prod(source["shape"]), 0
    while received < size:
        message = await _next_in_time(requests)
        if message is None:
            raise refuse_request("image", f"{received} bytes", f"{size} bytes in chunks")
        kind = message.WhichOneof("kind")
        if kind != "chunk":
            raise refuse_request("kind", kind, "chunk, until the image is complete")
        chunk = message.chunk
        if chunk.offset != received or len(chunk.data) > size - received:
            want = f"{received}, with at most {size - received} bytes"
            raise refuse_request("chunk.offset", chunk.offset, want)
        process.send({"kind": "imageBytes"}, chunk.data)
        await process.drain()
        received += len(chunk.data)


async def _next_in_time(requests: AsyncIterator[wire.PredictRequest]) -> wire.PredictRequest | None:
    try:
        return await asyncio.wait_for(anext(requests, None), _MOST_SILENCE_S)
    except asyncio.TimeoutError as error:
        facts = {"waitedFor": "the next chunk of the image", "timeoutMs": int(1e3 * _MOST_SILENCE_S)}
        raise PatchstreamError({"code": "DEADLINE", **facts}) from error


def _need_bytes(training: str, file: Path, source: Mapping[str, Any]) -> int:
    """Memory that labelling the image is estimated to take. Raises NOT_FOUND, INPUT_DAMAGED, what servers refuse."""
    header = read_checkpoint_header(file)
    if header is None:
        raise no_checkpoint(training, file)
    plan = header.spec["plan"]
    stored = original = source["shape"][1:] if source["kind"] == "image" else ()
    if source["kind"] == "case":
        with connect_to(source["data"], DataConnection(**source["connection"])) as client:
            case = stored_case(client.describe_dataset(), source["case"])
            stored, original = case.shape[1:], geometry_of(case).original_shape
    return prediction_bytes(
        header.network,
        patch_size=plan["patchSize"],
        batch_size=plan["batchSize"],
        stored=stored,
        original=original,
    )


def _image(asked: wire.PredictImage) -> Mapping[str, Any]:
    """The image that follows in chunks. Raises REQUEST_INVALID, LIMIT_EXCEEDED."""
    if asked.tensor.type != "f32":
        raise refuse_request("image.tensor.type", asked.tensor.type, "f32")
    shape = list(asked.tensor.shape)
    if len(shape) != 4 or 0 in shape:
        want = "four extents, channels, Z, Y and X, each at least 1"
        raise refuse_request("image.tensor.shape", shape, want)
    if prod(shape) > _MOST_IMAGE_VALUES:
        facts = {"limit": "values of an image", "got": prod(shape), "max": _MOST_IMAGE_VALUES}
        raise PatchstreamError({"code": "LIMIT_EXCEEDED", **facts})
    return {"kind": "image", "shape": shape}


class _Label:
    """Passes the label on as it comes."""

    def __init__(self, answers: "asyncio.Queue[Message]") -> None:
        self._answers = answers
        self.checksum = 0

    def take(self, message: ProcessMessage, data: bytes) -> None:
        """What the process says."""
        if message["kind"] == "label":
            self.checksum = message["checksum"]
            shape = message["shape"]
            tensor = data_pb2.Tensor(name="label", type="u8", shape=shape, byte_length=prod(shape))
            begin = data_pb2.VolumeBegin(tensor=tensor)
            self._answers.put_nowait(wire.PredictResponse(volume_begin=begin))
        elif message["kind"] == "labelBytes":
            chunk = data_pb2.Chunk(offset=message["offset"], data=data)
            self._answers.put_nowait(wire.PredictResponse(chunk=chunk))
