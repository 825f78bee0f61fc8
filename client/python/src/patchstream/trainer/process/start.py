"""Starts a process for one job: it ends with the job, and with the trainer."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.process.failure import received_failure
from patchstream.trainer.process.wire import HEAD, Message, decode, encode

Take = Callable[[Message, bytes], None]
Notice = Callable[[str], None]
Write = Callable[..., None]
"""Writes an event into the service's log: its name, and facts by name."""

_LONGEST_LINE = 1 << 20


class JobProcess:
    """A process that does one job. With several ranks it is torchrun, and the first rank speaks for all."""

    def __init__(
        self, *, doing: str, take: Take, notice: Notice, write: Write, started: Callable[[int], None] | None = None
    ) -> None:
        """`doing` completes "the process that ..."; `take` gets what the job says in the meantime, in order.

        `started` is told the process's id.
        """
        self._doing, self._take, self._notice, self._write, self._started = doing, take, notice, write, started
        self._said = ""
        self._outcome: Message | None = None
        self._killed: BaseException | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._first: asyncio.StreamWriter | None = None
        self._waiting: list[bytes] = []
        self._process: asyncio.subprocess.Process | None = None

    async def run(self, name: str, job: Mapping[str, Any], *, ranks: int = 1) -> Any:
        """What the job comes to, when its process has ended.

        Raises the job's failure; PROCESS_DIED where it had no time to tell one, or the system cannot start one.
        """
        folder = Path(tempfile.mkdtemp(prefix="patchstream-", dir=_socket_parent()))
        readers: list[asyncio.Task[None]] = []

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                readers.append(task)
            await self._serve(reader, writer, {"kind": "job", "name": name, "job": job})

        path = folder / "socket"
        try:
            server = await asyncio.start_unix_server(accept, path)
            try:
                how = await self._run_process(_command(str(path), ranks))
                # The process has ended: what it sent is in the sockets, and ends.
                await asyncio.gather(*readers)
            finally:
                for writer in self._writers:
                    writer.close()
                server.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return self._result(how)

    def send(self, message: Message, data: bytes | memoryview = b"") -> None:
        """A message to the job; one to a process that is gone is lost."""
        encoded = encode(message, data)
        if self._first is None:
            self._waiting.append(encoded)
        else:
            self._first.write(encoded)

    async def drain(self) -> None:
        """Waits while much is on its way."""
        if self._first is not None:
            with suppress(ConnectionError):
                await self._first.drain()

    def kill(self, reason: BaseException) -> None:
        """Ends it with no chance to do anything; `run` raises `reason`."""
        self._killed = self._killed or reason
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                # torchrun's ranks end with their sockets.
                self._process.kill()
        for writer in self._writers:
            writer.close()

    async def _run_process(self, command: list[str]) -> str:
        """How it ended, in a few words."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=_LONGEST_LINE,
                start_new_session=True,
            )
        except OSError as error:
            return error.strerror or str(error)
        if self._started is not None:
            self._started(self._process.pid)
        if self._killed is not None:
            self._process.kill()
        output = self._process.stdout
        if output is not None:
            await self._read_lines(output)
        code = await self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    async def _read_lines(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                continue  # Longer than any line that a person would read.
            if not line:
                return
            text = line.decode("utf-8", "replace").strip()
            if text:
                self._said = text
                self._notice(text)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, job: Message) -> None:
        """One rank's connection, until it ends."""
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            hello, _ = await _receive(reader)
            is_first = hello["rank"] == 0
            writer.write(encode(job))
            if is_first:
                self._first = writer
                for waiting in self._waiting:
                    writer.write(waiting)
                self._waiting.clear()
            while True:
                self._heard(*await _receive(reader), is_first=is_first)

    def _heard(self, message: Message, data: bytes, *, is_first: bool) -> None:
        kind = message["kind"]
        if kind == "notice":
            self._notice(message["line"])
        elif kind == "failed" or (kind == "result" and is_first):
            # A rank that fails takes the others with it: what it says is the reason.
            if self._outcome is None or self._outcome["kind"] == "result":
                self._outcome = message
        elif is_first and kind != "result":
            self._take(message, data)

    def _result(self, how: str) -> Any:
        if self._killed is not None:
            raise self._killed
        outcome = self._outcome
        if outcome is not None and outcome["kind"] == "failed":
            raise received_failure(outcome["failure"])
        if outcome is not None:
            return outcome["result"]
        self._write("process-died", process=0 if self._process is None else self._process.pid, how=how)
        reason = f"{how}, saying: {self._said}" if self._said else how
        hint = "Most often memory has run out." if how == "SIGKILL" else None
        raise PatchstreamError({"code": "PROCESS_DIED", "doing": self._doing, "reason": reason}, hint)


async def _receive(reader: asyncio.StreamReader) -> tuple[Message, bytes]:
    text_bytes, data_bytes = HEAD.unpack(await reader.readexactly(HEAD.size))
    text = await reader.readexactly(text_bytes)
    return decode(text), await reader.readexactly(data_bytes)


def _command(path: str, ranks: int) -> list[str]:
    program = ["-m", "patchstream.trainer.process", path]
    if ranks == 1:
        return [sys.executable, *program]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)]
    return [sys.executable, *torchrun, *program]


def _socket_parent() -> str | None:
    """A folder in which a socket's path has room."""
    return None if len(os.fsencode(tempfile.gettempdir())) <= 60 else "/tmp"
