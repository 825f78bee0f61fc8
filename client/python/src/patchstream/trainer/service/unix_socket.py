"""Puts a server's Unix socket at a path, for its owner alone."""

import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from patchstream.errors import PatchstreamError, refuse
from patchstream.trainer.run_folder.process_lock import LockName, lock_folder
from patchstream.trainer.run_folder.write_file import OWNER_ONLY_FILE, make_folder
from patchstream.wire.target import MAX_PATH_BYTES, UnixPath, parse_target

_FIRST_BYTES = len("/.pXXXXXXXX/XXXX")
"""Of the first folder's name and of the socket's in it, with their slashes."""


class BoundSocket:
    """The file of a socket."""

    def __init__(self, path: Path) -> None:
        """One that is there."""
        self.address = f"unix:{path}"
        self._path = path
        self._mine = path.lstat()

    def remove(self) -> None:
        """Removes the file, if it is still this one. Before the server stops to listen: the next one may be there."""
        with suppress(OSError):
            found = self._path.lstat()
            if (found.st_ino, found.st_dev) == (self._mine.st_ino, self._mine.st_dev):
                self._path.unlink()


def bind_unix_socket(address: str, bind: Callable[[str], int]) -> BoundSocket:
    """Has `bind` listen on a Unix socket and puts it where `address`, `unix:/path`, says.

    Others can reach it at no moment: it begins in a folder of its own that only its owner may enter, and is moved when
    its permissions are set. The folder of the path is made where it is missing. What a server that was killed left
    there is replaced. Raises SPEC_INVALID for an address that is none or too long, UNAVAILABLE where another server
    listens, where something else than a socket lies, and where the folder cannot be written.
    """
    target = parse_target(address) if address.startswith("unix:") else None
    if not isinstance(target, UnixPath):
        raise refuse("listen", address, "unix:/path")
    path = Path(target.path).absolute()
    most = MAX_PATH_BYTES - _FIRST_BYTES
    if len(os.fsencode(path.parent)) > most or len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise refuse("listen", address, f"in a folder whose path has at most {most} bytes")
    lock = LockName(f".{path.name}.lock", f"begins to listen at {path}", "Wait until it has begun")
    try:
        make_folder(path.parent)
        # Who connects and finds nobody may replace the file: no two may do so at once.
        with lock_folder(path.parent, lock):
            _refuse_unless_free(path)
            folder = Path(tempfile.mkdtemp(prefix=".p", dir=path.parent))
            try:
                # Nobody can guess it: gRPC removes what lies at this path when the server stops to listen.
                first = folder / secrets.token_urlsafe(3)
                bind(f"unix:{first}")
                first.chmod(OWNER_ONLY_FILE)
                first.rename(path)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except (OSError, RuntimeError) as error:
        raise _unavailable(path, str(error)) from error
    return BoundSocket(path)


def _refuse_unless_free(path: Path) -> None:
    """Raises UNAVAILABLE unless there is nothing at `path`, or a socket that nobody listens on."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise _unavailable(path, "what lies there is no socket, and is left as it is")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return  # Its server was killed.
        except OSError as error:
            raise _unavailable(path, f"another server's socket lies there ({error.strerror})") from error
    raise _unavailable(path, "another server listens there")


def _unavailable(path: Path, reason: str) -> PatchstreamError:
    return PatchstreamError({"code": "UNAVAILABLE", "address": f"unix:{path}", "reason": reason})
