"""Answers Predict: a case or an image in, its label out, made in a process of its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from time import monotonic
from typing import Any

from google.protobuf.message import Message

from patchstream.errors import PatchstreamError, refuse_request
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.inference.geometry import geometry_of
from patchstream.trainer.loop.evaluate import stored_case
from patchstream.trainer.process.start import JobProcess
from patchstream.trainer.process.wire import Message as ProcessMessage
from patchstream.trainer.run_folder.checkpoint import CheckpointHeader, no_checkpoint, read_checkpoint_header
from patchstream.trainer.service.checkpoint_file import checkpoint_file
from patchstream.trainer.service.data_servers import DataAccess, check_addresses
from patchstream.trainer.service.engines import TrainingEngines
from patchstream.trainer.service.estimate_memory import prediction_bytes
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.memory_budget import MemoryBudget
from patchstream.trainer.service.sent_image import announced_image
from patchstream.trainer.service.trainings import Trainings
from patchstream.v1 import data_pb2
from patchstream.v1 import trainer_pb2 as wire

_MOST_SILENCE_S = 60.0
"""A caller that sends nothing of its image for so long gives its place to others."""
_LEAST_BYTES_PER_S = 16384
"""Each byte that came adds its time at this rate to what all waits together may take."""


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
        places = [(asked.training, folder), *((other, self.trainings.place(other)[0]) for other in asked.average_with)]
        trainings = [{"training": name, "checkpoint": str(checkpoint_file(place, asked))} for name, place in places]
        source = self._case(first.case, data) if kind == "case" else announced_image(first.image)
        if self._running == self.at_once:
            limit = {"limit": "max_predictions", "got": self._running + 1, "max": self.at_once}
            raise PatchstreamError({"code": "SERVER_BUSY", **limit}, "Try again when one has ended.")
        self._running += 1
        taken = None
        try:
            need = await asyncio.to_thread(_need_bytes, trainings, source)
            taken = self.memory.take_for_prediction(need)
            job: dict[str, Any] = {
                "trainings": trainings,
                "mirror": not asked.without_mirroring,
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
        answer = _Answer(answers)
        doing = f"labels an image with training {job['trainings'][0]['training']}"
        process = JobProcess(doing=doing, take=answer.take, notice=self.log.output, write=self.log.write)
        running = asyncio.ensure_future(process.run("predict", job))
        passing = asyncio.ensure_future(_pass_image(requests, job["source"], process, answer.begun))
        try:
            async for message in _until_ended(answers, running, passing):
                yield message
            yield wire.PredictResponse(volume_end=data_pb2.VolumeEnd(checksum=answer.checksum))
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
    requests: AsyncIterator[wire.PredictRequest], source: Mapping[str, Any], process: JobProcess, begun: asyncio.Event
) -> None:
    """Hands the chunks of an image over, one after the other, from when its process can take it.

    Raises REQUEST_INVALID, DEADLINE for a silent caller.
    """
    if source["kind"] != "image":
        return
    await begun.wait()
    size, received = 4 * prod(source["shape"]), 0
    reader = _PatientReader(requests)
    while received < size:
        message = await reader.next(received)
        if message is None:
            raise refuse_request("image", f"{received} bytes", f"{size} bytes in chunks")
        kind = message.WhichOneof("kind")
        if kind != "chunk":
            raise refuse_request("kind", kind, "chunk, until the image is complete")
        chunk = message.chunk
        # An empty chunk would hold the caller's place for nothing.
        if chunk.offset != received or not 0 < len(chunk.data) <= size - received:
            want = f"1 to {size - received} bytes at {received}"
            raise refuse_request("chunk", f"{len(chunk.data)} bytes at {chunk.offset}", want)
        process.send({"kind": "imageBytes"}, chunk.data)
        await process.drain()
        received += len(chunk.data)


class _PatientReader:
    """Waits for a caller's messages, but not for ever: one that trickles does not hold its place."""

    def __init__(self, requests: AsyncIterator[wire.PredictRequest]) -> None:
        self._requests = requests
        self._waited_s = 0.0

    async def next(self, received: int) -> wire.PredictRequest | None:
        """The next message, when `received` bytes of the image have come. Raises DEADLINE."""
        left_s = _MOST_SILENCE_S + received / _LEAST_BYTES_PER_S - self._waited_s
        is_slow = left_s < _MOST_SILENCE_S
        timeout_s = max(0.0, min(_MOST_SILENCE_S, left_s))
        began = monotonic()
        try:
            return await asyncio.wait_for(anext(self._requests, None), timeout_s)
        except asyncio.TimeoutError as error:
            waited_for = f"the image, of which {received} bytes came" if is_slow else "the next chunk of the image"
            timeout_ms = int(1e3 * ((self._waited_s + timeout_s) if is_slow else timeout_s))
            raise PatchstreamError({"code": "DEADLINE", "waitedFor": waited_for, "timeoutMs": timeout_ms}) from error
        finally:
            self._waited_s += monotonic() - began


def _need_bytes(trainings: Sequence[Mapping[str, str]], source: Mapping[str, Any]) -> int:
    """Memory that labelling the image is estimated to take. Raises NOT_FOUND, INPUT_DAMAGED, what servers refuse."""
    headers: list[CheckpointHeader] = []
    for one in trainings:
        file = Path(one["checkpoint"])
        header = read_checkpoint_header(file)
        if header is None:
            raise no_checkpoint(one["training"], file)
        headers.append(header)
    plan = headers[0].spec["plan"]
    if source["kind"] == "image":
        stored = source["shape"][1:]
        original = stored if source["geometry"] is None else source["geometry"]["original_shape"]
    else:
        with connect_to(source["data"], DataConnection(**source["connection"])) as client:
            case = stored_case(client.describe_dataset(), source["case"])
            stored, original = case.shape[1:], geometry_of(case).original_shape
    return prediction_bytes(
        [header.network for header in headers],
        patch_size=plan["patchSize"],
        batch_size=plan["batchSize"],
        stored=stored,
        original=original,
    )


class _Answer:
    """Passes on what the process tells, as it comes."""

    def __init__(self, answers: "asyncio.Queue[Message]") -> None:
        self._answers = answers
        self.checksum = 0
        self.begun = asyncio.Event()
        """The checkpoints are read."""

    def take(self, message: ProcessMessage, data: bytes) -> None:
        """What the process says."""
        if message["kind"] == "predictionBegin":
            begin = wire.PredictionBegin(steps=message["steps"], source_values=message["sourceValues"])
            self._answers.put_nowait(wire.PredictResponse(prediction_begin=begin))
            self.begun.set()
        elif message["kind"] == "predicted":
            progress = wire.PredictionProgress(share=message["share"])
            self._answers.put_nowait(wire.PredictResponse(progress=progress))
        elif message["kind"] == "label":
            self.checksum = message["checksum"]
            shape = message["shape"]
            tensor = data_pb2.Tensor(name="label", type="u8", shape=shape, byte_length=prod(shape))
            self._answers.put_nowait(wire.PredictResponse(volume_begin=data_pb2.VolumeBegin(tensor=tensor)))
        elif message["kind"] == "labelBytes":
            chunk = data_pb2.Chunk(offset=message["offset"], data=data)
            self._answers.put_nowait(wire.PredictResponse(chunk=chunk))
