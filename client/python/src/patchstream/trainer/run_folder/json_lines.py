"""Append-only files of JSON lines. A last line without its newline was being written when the process ended."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.write_file import OWNER_ONLY_FILE, reporting_failure

Entry: TypeAlias = Mapping[str, Any]

_BLOCK_BYTES = 1 << 16
_LONGEST_LINE_BYTES = 1 << 24
"""Far more than any entry that we write."""


def to_json(value: object) -> str:
    """JSON as JavaScript's `JSON.stringify` writes it. Raises ValueError for a number that is not finite."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def damaged_line(file: Path, reason: str) -> PatchstreamError:
    """INPUT_DAMAGED."""
    facts = {"code": "INPUT_DAMAGED", "file": str(file), "reason": reason, "want": "one JSON document a line"}
    return PatchstreamError(facts)


def parse_json_line(line: bytes, file: Path, where: str) -> Entry:
    """The entry on one line. Raises INPUT_DAMAGED naming `file` and `where`."""
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise damaged_line(file, f"{where} does not parse") from error
    if not isinstance(entry, dict):
        raise damaged_line(file, f"{where} holds no object")
    return cast(Entry, entry)


def read_json_lines(file: Path) -> list[Entry]:
    """All entries; none where there is no file. Raises INPUT_DAMAGED for a line that does not parse."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return []
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    return [parse_json_line(line, file, f"line {number}") for number, line in enumerate(lines, 1)]


def read_last_json_line(file: Path) -> Entry | None:
    """The last whole entry; None where there is none. Reads no more than the file's end. Raises INPUT_DAMAGED."""
    with file.open("rb") as opened:
        end = _newline_before(opened.fileno(), os.fstat(opened.fileno()).st_size)
        if end < 0:
            return None
        begin = _newline_before(opened.fileno(), end) + 1
        if end - begin > _LONGEST_LINE_BYTES:
            raise damaged_line(file, f"its last line has {end - begin} bytes")
        return parse_json_line(os.pread(opened.fileno(), end - begin, begin), file, "its last line")


def prepare_json_lines(file: Path) -> None:
    """Readies a file for appending, made where there is none: a line cut off is forgotten. Raises WRITE_FAILED."""
    with reporting_failure(file):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, OWNER_ONLY_FILE)
        try:
            size = os.fstat(descriptor).st_size
            end = _newline_before(descriptor, size) + 1
            if end < size:
                os.ftruncate(descriptor, end)
        finally:
            os.close(descriptor)


def append_json_lines(file: Path, entries: Iterable[object], *, durable: bool) -> None:
    """Appends entries; with `durable` they are on disk on return. Raises WRITE_FAILED, and none is there then."""
    content = "".join(f"{to_json(entry)}\n" for entry in entries).encode()
    with reporting_failure(file):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY_FILE)
        try:
            size = os.fstat(descriptor).st_size
            try:
                left = memoryview(content)
                while left:
                    left = left[os.write(descriptor, left) :]
                if durable:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)


def _newline_before(descriptor: int, end: int) -> int:
    """Where the last newline before `end` lies; -1 where there is none."""
    while end > 0:
        begin = max(0, end - _BLOCK_BYTES)
        at = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if at >= 0:
            return begin + at
        end = begin
    return -1
