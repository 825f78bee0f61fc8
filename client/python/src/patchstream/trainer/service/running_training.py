"""A training in its process."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.process.failure import received_failure
from patchstream.trainer.process.start import JobProcess
from patchstream.trainer.process.wire import Message
from patchstream.trainer.run_folder.json_lines import Entry
from patchstream.trainer.service.log import ServiceLog


@dataclass(frozen=True, slots=True)
class SeenFleet:
    """How data servers did, in the wire's terms, and when that was by `time.monotonic()`."""

    fields: Mapping[str, Any]
    seen_at: float


class RunningTraining:
    """From when its process is started until it has ended."""

    def __init__(self, name: str, emit: Callable[[Entry], None], log: ServiceLog) -> None:
        """`emit` writes an event down; where it raises, the training ends with what it raised."""
        self._name, self._emit = name, emit
        self._asked: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._asks = 0
        self.fleet: SeenFleet | None = None
        """How its data servers did when its process told it last; None before."""
        self._process = JobProcess(
            doing=f"trains {name}",
            take=self._take,
            notice=log.output,
            write=log.write,
            started=lambda process: log.write("training-started", training=name, process=process),
        )

    async def run(self, job: Mapping[str, Any], ranks: int) -> str:
        """`done` or `stopped`. Raises the training's failure, or PROCESS_DIED."""
        try:
            return await self._process.run("train", job, ranks=ranks)
        finally:
            reason = "it was over before the stage was decided"
            facts = {"training": self._name, "state": "has ended", "reason": reason}
            for asked in self._asked.values():
                asked.set_exception(PatchstreamError({"code": "TRAINING_ENDED", **facts}))
            self._asked.clear()

    def stop(self) -> None:
        """Ends it after the step in progress."""
        self._process.send({"kind": "stop"})

    async def set_stage(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """When the transition is decided. Raises what the loop has against it, or TRAINING_ENDED."""
        self._asks += 1
        number = self._asks
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._process.send({"kind": "setStage", "id": number, **asked})
        return await answer

    def _take(self, message: Message, _data: bytes) -> None:
        match message["kind"]:
            case "event":
                try:
                    self._emit(message["event"])
                except PatchstreamError as error:
                    self._process.kill(error)
            case "fleet":
                self.fleet = SeenFleet(message["fleet"], monotonic())
            case "flush":
                self._process.send({"kind": "flushed"})
            case "stageSet":
                self._settle(message, lambda asked: asked.set_result(message["changed"]))
            case "stageRefused":
                self._settle(message, lambda asked: asked.set_exception(received_failure(message["failure"])))
            case _:
                return

    def _settle(self, message: Message, settle: Callable[["asyncio.Future[Mapping[str, Any]]"], None]) -> None:
        asked = self._asked.pop(message["id"], None)
        if asked is not None and not asked.done():  # Who asked may have left.
            settle(asked)
