"""Writes a file completely or not at all."""

import errno
import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from patchstream.errors import PatchstreamError

OWNER_ONLY_FILE = 0o600
"""Checkpoints and histories hold patient data: what is written is for its owner alone."""
OWNER_ONLY_FOLDER = 0o700

UNFINISHED_PREFIX = ".unfinished-"
"""Begins the names of files that are being written; those of a process that was killed may be removed."""

Bytes: TypeAlias = bytes | memoryview

_NOT_WRITTEN = {
    errno.ENOENT: "its folder is gone",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EISDIR: "a folder has this name",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the file system can only be read",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "this user's share of the disk is full",
    errno.EFBIG: "it would be longer than the system allows",
    errno.EMFILE: "too many files are open",
    errno.EIO: "the disk failed to write it",
}


@contextmanager
def reporting_failure(file: Path) -> Generator[None]:
    """WRITE_FAILED naming `file` for what the system answers to a write in the block."""
    try:
        yield
    except OSError as error:
        reason = _NOT_WRITTEN.get(error.errno or 0, error.strerror or str(error))
        raise PatchstreamError({"code": "WRITE_FAILED", "file": str(file), "reason": reason}) from error


def make_folder(folder: Path) -> None:
    """Makes a folder, and those above it, where they are missing. Raises WRITE_FAILED."""
    with reporting_failure(folder):
        missing = [folder]
        while not missing[-1].parent.exists() and missing[-1].parent != missing[-1]:
            missing.append(missing[-1].parent)
        try:
            for one in reversed(missing):
                one.mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)
        except FileNotFoundError as error:
            # The folder above is there: the file system has no room for others, as that of /proc.
            facts = {"code": "WRITE_FAILED", "file": str(folder), "reason": "no folder can be made there"}
            raise PatchstreamError(facts) from error


def replace_file(path: Path, pieces: Iterable[Bytes]) -> None:
    """Puts content in place of the file at `path` in one step: a reader sees the old file or the new one, whole.

    Raises WRITE_FAILED; the old file is whole then.
    """
    replace_files([(path, pieces)])


def replace_files(files: Sequence[tuple[Path, Iterable[Bytes]]]) -> None:
    """Replaces several files: all are on disk under temporary names before the first is renamed.

    Raises WRITE_FAILED naming the file; a failure to write one leaves everything as it was.
    """
    try:
        for path, pieces in files:
            with reporting_failure(path):
                write_new_file(_temporary(path), pieces)
        for path, _ in files:
            with reporting_failure(path):
                _temporary(path).rename(path)
                sync_folder(path.parent)
    except BaseException:
        for path, _ in files:
            with suppress(OSError):
                _temporary(path).unlink(missing_ok=True)
        raise


def _temporary(path: Path) -> Path:
    return path.with_name(f"{UNFINISHED_PREFIX}{os.getpid()}-{path.name}")


def write_new_file(path: Path, pieces: Iterable[Bytes]) -> None:
    """Writes a file and syncs it to disk. Raises what the system answers."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY_FILE)
    with open(descriptor, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Makes the folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
