"""A data server that belongs to this process: it begins when asked, and ends at the latest when the process does."""

import json
import os
import secrets
import shutil
import subprocess
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from patchstream.errors import PatchstreamError
from patchstream.server.private_folder import SOCKET, private_folder
from patchstream.server.program import command

_END_S = 10.0
"""A server that was told to stop and still runs then is killed. Nothing is lost: it writes nothing."""


class OwnServer:
    """A running data server: its `address`, and the `token` it wants where other users of this machine could reach it.

    It ends with `close()`, when this object is garbage, when the interpreter exits, and when this process is gone,
    however that came about: the server's standard input is a pipe that only we hold.
    """

    def __init__(self, store: str, flags: Sequence[str], *, log: Path | None, ready_s: float) -> None:
        """Begins to serve `store` and waits until it is ready. Its log goes to the end of the file `log`.

        Raises what the server says, such as STORE_DAMAGED; UNAVAILABLE where it ends without saying; DEADLINE where it
        is not ready after `ready_s` seconds; NOT_FOUND where Node.js is not installed; WRITE_FAILED where its socket or
        its log cannot be made.
        """
        folder = private_folder()
        try:
            self.token, where = _listening(folder)
            line = command("serve", store, "--json", "--until-stdin-closes", *where, *flags)
            told = log or folder / "told"
            with _opened_log(told) as stderr:
                # A session or group of its own: Ctrl-C is for us, who may want to go on.
                self._process = subprocess.Popen(
                    line,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=os.name != "nt",
                    creationflags=0x200 if os.name == "nt" else 0,  # CREATE_NEW_PROCESS_GROUP
                )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._end = weakref.finalize(self, _end, self._process, folder, os.getpid())
        _let_go_after_fork(self._process)
        try:
            self.address = _address(self._process, store, told, ready_s)
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Ends the server and waits until it has ended. Does nothing the second time."""
        self._end()


def _opened_log(file: Path) -> BinaryIO:
    """To write to its end. Raises WRITE_FAILED."""
    try:
        return file.open("ab")
    except OSError as error:
        facts = {"code": "WRITE_FAILED", "file": str(file), "reason": error.strerror or str(error)}
        raise PatchstreamError(facts) from error


def _listening(folder: Path) -> tuple[str | None, list[str]]:
    """The token, and the flags of where to listen: for this user alone, by the folder's permissions or by the token."""
    if os.name != "nt":
        return None, ["--listen", f"unix:{folder / SOCKET}"]
    token = secrets.token_urlsafe(24)
    file = folder / "token"
    file.write_text(f"data {token}\n", encoding="ascii")
    return token, ["--port", "0", "--token-file", str(file)]


def _address(process: "subprocess.Popen[bytes]", store: str, told: Path, ready_s: float) -> str:
    """Where the server listens, as soon as it says so; throws what it says instead."""
    is_late = threading.Event()

    def give_up() -> None:
        is_late.set()
        process.kill()

    timer = threading.Timer(ready_s, give_up)
    timer.start()
    try:
        line = process.stdout.readline() if process.stdout else b""
    finally:
        timer.cancel()
    if line:
        answer = json.loads(line)
        if "error" not in answer:
            return answer["address"]
        facts = answer["error"]
        raise PatchstreamError(facts, facts.pop("hint", None))
    code = process.wait()
    what = f"the server of {store}"
    if is_late.is_set():
        raise PatchstreamError({"code": "DEADLINE", "waitedFor": what, "timeoutMs": round(1e3 * ready_s)})
    last = told.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
    saying = f", saying: {last[0]}" if last else ""
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    raise PatchstreamError({"code": "UNAVAILABLE", "address": what, "reason": f"the process ended ({how}){saying}"})


def _let_go_after_fork(process: "subprocess.Popen[bytes]") -> None:
    """Closes the pipe in processes that are forked from this one: while one held it, the server would outlive us."""
    if not hasattr(os, "register_at_fork"):
        return
    known = weakref.ref(process)

    def let_go() -> None:
        mine = known()
        if mine is not None and mine.stdin is not None:
            mine.stdin.close()

    os.register_at_fork(after_in_child=let_go)


def _end(process: "subprocess.Popen[bytes]", folder: Path, owner: int) -> None:
    """Ends the server that process `owner` started; a process forked from it leaves the server alone."""
    if os.getpid() != owner:
        return
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
    shutil.rmtree(folder, ignore_errors=True)
