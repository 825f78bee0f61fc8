"""The folder that a server of one's own has its socket in."""

import os
import shutil
import socket
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from patchstream.errors import PatchstreamError

SOCKET = "data.sock"

_PREFIX = "patchstream-local-"

_LONGEST_PARENT = 60
"""Bytes of a temporary folder in which a socket's path has room; /tmp stands in for a longer one."""

_BEGINNING_S = 3600.0
"""A folder without a socket may be that of a server which is beginning, unless it is older."""


def private_folder() -> Path:
    """A new folder that only this user may enter.

    Removes those that nobody could: a process that was killed leaves its folder. Raises WRITE_FAILED where no temporary
    folder can be written.
    """
    parent = "the temporary folder"
    try:
        parent = _parent()
        return _folder_in(parent)
    except OSError as error:
        facts = {"code": "WRITE_FAILED", "file": str(parent), "reason": error.strerror or str(error)}
        hint = f"Name one that can be written, for a socket, with TMPDIR: at most {_LONGEST_PARENT} bytes long."
        raise PatchstreamError(facts, hint) from error


def _folder_in(parent: Path) -> Path:
    if os.name != "nt":
        for folder in parent.glob(f"{_PREFIX}*"):
            with suppress(OSError):  # somebody else removes it
                if _is_left(folder):
                    shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))


def _parent() -> Path:
    parent = Path(tempfile.gettempdir())
    return Path("/tmp") if len(os.fsencode(parent)) > _LONGEST_PARENT and os.name != "nt" else parent


def _is_left(folder: Path) -> bool:
    """Whether a folder is ours, and no server listens in it nor begins to."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or time.time() - found.st_mtime < _BEGINNING_S:
        return False
    with socket.socket(socket.AF_UNIX) as knock:
        knock.setblocking(False)  # a server that is too busy to answer is no dead one
        try:
            knock.connect(str(folder / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            return True
        except OSError:
            return False
    return False
