"""Whether files have become others."""

import os
import time
from collections.abc import Iterable

_SETTLED_S = 1.0
"""A file that was written to less long ago may be half of itself."""


class FileMarks:
    """Files as they are now, to be compared with what they are later."""

    def __init__(self, files: Iterable[str | os.PathLike[str] | None]) -> None:
        """Leaves out what is None."""
        self._files = [file for file in files if file is not None]
        self._marks = [_mark(file) for file in self._files]

    def changed(self) -> "FileMarks | None":
        """The files as they are now, where they are others and have stayed so for a second; else None."""
        now = FileMarks(self._files)
        if now._marks == self._marks:
            return None
        written_s = max((mark[-1] for mark in now._marks if mark is not None), default=0) / 1e9
        return now if abs(time.time() - written_s) >= _SETTLED_S else None


def _mark(file: str | os.PathLike[str]) -> tuple[int, ...] | None:
    """Another one when the file is another one; None where there is none. Its last number is when it changed, in ns."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
