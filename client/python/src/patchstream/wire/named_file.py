"""Reads a file that the user named, or says in one line what lies there instead."""

import errno
import os
from pathlib import Path

from ..errors import PatchstreamError

_NOT_READ = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file: a part of its path is a file, not a folder",
    errno.EISDIR: "it is a folder",
    errno.EACCES: "this user may not read it",
    errno.EPERM: "this user may not read it",
    errno.ELOOP: "its symbolic links lead in a circle",
    errno.ENAMETOOLONG: "its name is longer than the system allows",
    errno.EMFILE: "too many files are open",
    errno.EIO: "the disk failed to read it",
}


def read_named_file(file: str | os.PathLike[str], want: str) -> bytes:
    """The whole file. `want` completes "it must be ...", such as "a PEM certificate". Raises INPUT_DAMAGED."""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        reason = _NOT_READ.get(error.errno or 0, error.strerror or type(error).__name__)
        raise not_what_it_must_be(file, reason, want) from error
    if content == b"":
        raise not_what_it_must_be(file, "it is empty", want)
    return content


def not_what_it_must_be(file: str | os.PathLike[str], reason: str, want: str) -> PatchstreamError:
    """INPUT_DAMAGED."""
    return PatchstreamError({"code": "INPUT_DAMAGED", "file": os.fspath(file), "reason": reason, "want": want})
