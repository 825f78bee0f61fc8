"""Everything that happened in one training, in `events.jsonl`: the history that a late watcher gets."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from patchstream.trainer.run_folder.json_lines import (
    Entry,
    append_json_lines,
    parse_json_line,
    prepare_json_lines,
    read_last_json_line,
)
from patchstream.trainer.run_folder.write_file import reporting_failure

EVENTS_FILE = "events.jsonl"
_READ_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Where a training is taken up again: what its checkpoint holds."""

    step: int
    """Steps taken."""
    epochs: int
    """Epochs ended."""
    decisions: int
    """Stage decisions made."""


class ShortHistory(Protocol):
    """Takes a history, and tells it in short."""

    def add(self, event: Entry) -> None:
        """Takes the next event."""
        ...

    def events(self) -> Iterable[Entry]:
        """What is told."""
        ...


class _Later:
    """Tells, event by event from the first, whether it came after a point."""

    def __init__(self, point: ResumePoint) -> None:
        self._point = point
        self._decided = 0

    def __call__(self, event: Entry) -> bool:
        point = self._point
        match event["kind"]:
            case "step":
                return event["step"]["step"] >= point.step
            case "stage":
                return event["stage"]["fromStep"] >= point.step
            case "epoch":
                return event["epoch"]["epoch"] >= point.epochs
            case "decided":
                self._decided += 1
                return self._decided > point.decisions
            case kind:
                return kind in ("caseEvaluated", "evaluated")


class _Lines:
    """Reads a file that may still grow, a block at a time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._unfinished = b""
        self._position = 0
        self._count = 0

    def next(self) -> list[tuple[bytes, int, int]] | None:
        """The lines that end in the next block, each with its number and where it begins; None at the end for now."""
        block = os.pread(self._descriptor, _READ_BYTES, self._position)
        if not block:
            return None
        begin = self._position - len(self._unfinished)
        self._position += len(block)
        *whole, self._unfinished = (self._unfinished + block).split(b"\n")
        lines: list[tuple[bytes, int, int]] = []
        for line in whole:
            self._count += 1
            lines.append((line, self._count, begin))
            begin += len(line) + 1
        return lines


class EventLog:
    """Its one writer is the trainer. Watchers read the file, so that a long training holds no more than a short one.

    For one event loop.
    """

    def __init__(self, folder: Path, *, ended: bool) -> None:
        """Opens the log in `folder`, made where there is none. While it is `ended`, followers stop at its end.

        An event that was being written as the process ended is forgotten. Raises WRITE_FAILED.
        """
        self._file = folder / EVENTS_FILE
        self._ended = ended
        self._unwritten: Entry | None = None
        self._version = 0
        self._change = asyncio.Event()
        prepare_json_lines(self._file)

    def read_last(self) -> Entry | None:
        """The last event; None where there is none. Raises INPUT_DAMAGED."""
        return read_last_json_line(self._file)

    def read(self) -> Iterator[Entry]:
        """All events until now. Raises INPUT_DAMAGED for a line that does not parse."""
        with self._file.open("rb") as file:
            lines = _Lines(file.fileno())
            while (read := lines.next()) is not None:
                for line, number, _ in read:
                    yield parse_json_line(line, self._file, f"line {number}")

    def append(self, event: Entry) -> None:
        """Raises WRITE_FAILED."""
        append_json_lines(self._file, [event], durable=False)
        self._changed(ended=False)

    def rewind_to(self, point: ResumePoint) -> None:
        """Takes up the history again at `point`: what came after it is forgotten.

        For a log that has ended. Raises INPUT_DAMAGED for a line that does not parse, WRITE_FAILED.
        """
        with self._file.open("rb+") as file:
            lines, is_later = _Lines(file.fileno()), _Later(point)
            while (read := lines.next()) is not None:
                for line, number, begin in read:
                    if is_later(parse_json_line(line, self._file, f"line {number}")):
                        with reporting_failure(self._file):
                            os.ftruncate(file.fileno(), begin)
                            os.fsync(file.fileno())
                        return

    def end(self, unwritten: Entry | None = None) -> None:
        """No more events: followers stop at the end of the history.

        `unwritten` is told them last: how it ended, where that could not be written.
        """
        self._changed(ended=True, unwritten=unwritten)

    async def follow(self, short: ShortHistory | None = None) -> AsyncGenerator[Entry]:
        """The history from its beginning, then events as they come, until the log ends. Raises INPUT_DAMAGED.

        The history until now is told as `short` tells it, where there is one.
        """
        async with aclosing(self._blocks()) as blocks:
            async for events in blocks:
                if events is None:
                    told, short = () if short is None else short.events(), None
                elif short is not None:
                    told = ()
                    for event in events:
                        short.add(event)
                else:
                    told = events
                for event in told:
                    yield event

    async def _blocks(self) -> AsyncGenerator[Sequence[Entry] | None]:
        """Events, a few at a time, and once None, where the history until now is at its end."""
        with self._file.open("rb") as file:
            lines = _Lines(file.fileno())
            is_caught_up = False
            while True:
                version, ended, change = self._version, self._ended, self._change
                unwritten = self._unwritten
                read = lines.next()
                if read is not None:
                    yield [parse_json_line(line, self._file, f"line {number}") for line, number, _ in read]
                    await asyncio.sleep(0)  # A long history does not keep others waiting.
                    continue
                if not is_caught_up:
                    yield None
                is_caught_up = True
                if ended:
                    if unwritten is not None:
                        yield [unwritten]
                    return
                if version == self._version:
                    await change.wait()

    def _changed(self, *, ended: bool, unwritten: Entry | None = None) -> None:
        self._ended, self._unwritten = ended, unwritten
        self._version += 1
        self._change.set()
        self._change = asyncio.Event()
