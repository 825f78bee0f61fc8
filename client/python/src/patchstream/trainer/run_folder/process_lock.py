"""Holds a folder for one process, with the files of `disk/process-lock.ts`: trainers of both kinds exclude each other.

The lock is the file with the highest number. Taking it over means linking the next number, which only one process can
do, with its content already on disk; a process that then finds a still higher number was too late. The last file stays
when the lock is given back, since numbers must never be used twice.
"""

import json
import os
import re
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.slurm_job import SlurmJob, is_earlier_start, own_slurm_job
from patchstream.trainer.run_folder.write_file import (
    UNFINISHED_PREFIX,
    make_folder,
    replace_file,
    reporting_failure,
    write_new_file,
)

_UNKNOWN_START = "unknown"


@dataclass(frozen=True, slots=True)
class LockName:
    """Which lock of a folder."""

    name: str
    """Beginning of the lock files' names; a number follows."""
    doing: str
    """Completes "process 12 on HOST ..."."""
    hint: str
    """What the user can do, before "or delete FILE if that process is gone"."""


TRAINER_LOCK = LockName(".trainer-lock", "serves this runs folder", "Name another one with --runs")
RUN_LOCK = LockName(".process-lock", "still takes a step of this training", "Try again when it has ended")


class FolderLock:
    """A held lock."""

    def __init__(self, file: Path) -> None:
        """Made by `lock_folder`."""
        self._file = file

    def release(self) -> None:
        """Gives it back. Raises WRITE_FAILED."""
        replace_file(self._file, [b"null"])

    def __enter__(self) -> "FolderLock":
        """Held to the end of the block."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """See `release`. What went wrong in the block is told rather than that the lock cannot be given back."""
        try:
            self.release()
        except PatchstreamError:
            # A disk that cannot be written: whoever comes next sees that this process has ended.
            if kind is None:
                raise


def lock_folder(folder: Path, lock: LockName) -> FolderLock:
    """Holds a folder, made where missing, for this process.

    Raises UNAVAILABLE while another process has it. The lock of a process that was killed is taken over, by one.
    """
    make_folder(folder)
    proposal = folder / f"{lock.name}.proposal-{uuid.uuid4()}"
    job = own_slurm_job(os.environ)
    mine: dict[str, object] = {"pid": os.getpid(), "host": socket.gethostname(), "startedAt": _start_of(os.getpid())}
    if job is not None:
        mine["job"] = {"id": job.id, "restarts": job.restarts}
    with reporting_failure(proposal):
        write_new_file(proposal, [json.dumps(mine).encode()])
    try:
        while True:
            last = max(_numbers(folder, lock), default=0)
            holder = _holder(_file(folder, lock, last))
            if holder is not None and _is_alive(holder, job):
                raise _held(folder, lock, holder, _file(folder, lock, last))
            taken = last + 1
            try:
                os.link(proposal, _file(folder, lock, taken))
            except FileExistsError:
                continue
            numbers = _numbers(folder, lock)
            if max(numbers) > taken:
                _file(folder, lock, taken).unlink(missing_ok=True)
                continue
            for number in numbers:
                if number < taken:
                    _file(folder, lock, number).unlink(missing_ok=True)
            return FolderLock(_file(folder, lock, taken))
    finally:
        proposal.unlink(missing_ok=True)


def check_nobody_trains(folder: Path) -> None:
    """Raises UNAVAILABLE while a process trains in `folder`. A killed trainer may have left one about to end."""
    lock_folder(folder, RUN_LOCK).release()


def remove_unfinished(folder: Path) -> None:
    """Removes what writers that were killed left half-written in `folder`. For who holds the lock."""
    for file in folder.iterdir():
        if file.name.startswith(UNFINISHED_PREFIX):
            file.unlink(missing_ok=True)


def _file(folder: Path, lock: LockName, number: int) -> Path:
    return folder / f"{lock.name}.{number}"


def _numbers(folder: Path, lock: LockName) -> list[int]:
    pattern = re.compile(rf"{re.escape(lock.name)}\.([1-9]\d{{0,14}})")
    return [int(match[1]) for match in map(pattern.fullmatch, os.listdir(folder)) if match]


@dataclass(frozen=True, slots=True)
class _Holder:
    pid: int
    host: str
    started_at: str
    job: SlurmJob | None


def _holder(file: Path) -> _Holder | None:
    """None for a lock that was given back, was removed meanwhile, or says nothing: a crash can leave that."""
    try:
        content: object = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    match content:
        case {"pid": int(pid), "host": str(host), "startedAt": str(started_at), "job": object() as job}:
            return _Holder(pid, host, started_at, _job(job))
        case {"pid": int(pid), "host": str(host), "startedAt": str(started_at)}:
            return _Holder(pid, host, started_at, None)
        case _:
            return None


def _job(content: object) -> SlurmJob | None:
    match content:
        case {"id": str(job_id), "restarts": int(restarts)}:
            return SlurmJob(job_id, restarts)
        case _:
            return None


def _is_alive(holder: _Holder, job: SlurmJob | None) -> bool:
    """A process of another host counts as alive, since nobody here can know.

    Unless it was part of our own job before that was started again.
    """
    if holder.job is not None and job is not None and is_earlier_start(holder.job, job):
        return False
    if holder.host != socket.gethostname():
        return True
    started = _start_of(holder.pid)
    return started is not None and started in (holder.started_at, _UNKNOWN_START)


def _start_of(pid: int) -> str | None:
    """When a process of this machine began; None where there is none of that id.

    On Linux the boot and the clock tick since then (proc(5), field 22 of /proc/PID/stat). Elsewhere nobody knows.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _UNKNOWN_START if _exists(pid) else None
    fields = stat[stat.rindex(")") + 2 :].split(" ")
    # A zombie has ended, and its parent has not asked how.
    return None if fields[0] == "Z" else f"{boot} {fields[19]}"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _held(folder: Path, lock: LockName, holder: _Holder, file: Path) -> PatchstreamError:
    reason = f"process {holder.pid} on {holder.host} {lock.doing}"
    facts = cast(dict[str, object], {"code": "UNAVAILABLE", "address": str(folder), "reason": reason})
    return PatchstreamError(facts, f"{lock.hint}, or delete {file} if that process is gone.")
