"""A server of one's own begins when asked, and never outlives the process that asked."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from patchstream.errors import PatchstreamError
from patchstream.server.own_server import OwnServer
from patchstream.server.private_folder import private_folder
from tests.serving import REPOSITORY

FLAGS = ["--workers", "1", "--volume-budget", "64MiB", "--slot-budget", "32MiB"]
PATIENCE_S = 60

# Starts a server and says where it is; what it does then follows.
PROGRAM = """
import os, sys
from patchstream.server.own_server import OwnServer
server = OwnServer(sys.argv[1], sys.argv[2:], log=None, ready_s=60)
print(server.address, flush=True)
"""


def own_server(store: Path | str, *flags: str, log: Path | None = None) -> OwnServer:
    return OwnServer(str(store), [*FLAGS, *flags], log=log, ready_s=PATIENCE_S)


def connection(address: str) -> socket.socket:
    """A connection that the server holds: reading from it ends when the server does."""
    held = socket.socket(socket.AF_UNIX)
    held.settimeout(PATIENCE_S)
    held.connect(address.removeprefix("unix:"))
    return held


def wait_for_the_end(held: socket.socket) -> None:
    with held, suppress(ConnectionResetError):
        while held.recv(4096):
            pass


def program(store: Path, rest: str) -> subprocess.Popen[str]:
    """A Python of its own that starts a server."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "client" / "python" / "src")}
    command = [sys.executable, "-c", PROGRAM + rest, str(store), *FLAGS]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, start_new_session=True)


def line_of(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def test_it_listens_in_a_private_folder_and_leaves_nothing_behind(sample_store: Path) -> None:
    server = own_server(sample_store)
    folder = Path(server.address.removeprefix("unix:")).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    held = connection(server.address)
    server.close()
    server.close()
    wait_for_the_end(held)
    assert not folder.exists()


def test_it_ends_when_nobody_refers_to_it(sample_store: Path) -> None:
    server = own_server(sample_store)
    held = connection(server.address)
    del server
    wait_for_the_end(held)


def test_it_ends_when_the_interpreter_exits(sample_store: Path) -> None:
    with program(sample_store, "sys.stdin.read()") as running:
        held = connection(line_of(running))
        running.communicate()
        wait_for_the_end(held)
        assert running.returncode == 0


def test_it_ends_when_its_process_is_killed(sample_store: Path) -> None:
    with program(sample_store, "sys.stdin.read()") as running:
        held = connection(line_of(running))
        running.kill()
        wait_for_the_end(held)


def test_the_next_one_removes_the_folder_of_a_killed_process_and_no_other(sample_store: Path) -> None:
    alive, beginning = own_server(sample_store), private_folder()
    with program(sample_store, "sys.stdin.read()") as running:
        address = line_of(running)
        held = connection(address)
        running.kill()
        wait_for_the_end(held)
    left, in_use = (Path(one.removeprefix("unix:")).parent for one in (address, alive.address))
    for folder in (left, in_use):
        os.utime(folder, (0, 0))
    own_server(sample_store).close()
    assert [folder.exists() for folder in (left, in_use, beginning)] == [False, True, True]
    alive.close()
    beginning.rmdir()


def test_a_forked_process_does_not_end_it_when_it_exits(sample_store: Path) -> None:
    rest = """
if os.fork() == 0:
    sys.exit()
os.wait()
print("the other has exited", flush=True)
sys.stdin.read()
"""
    with program(sample_store, rest) as running:
        address = line_of(running)
        assert line_of(running) == "the other has exited"
        held = connection(address)
        running.communicate()
        wait_for_the_end(held)


def test_a_forked_process_does_not_keep_it_alive(sample_store: Path) -> None:
    rest = """
other = os.fork()
if other == 0:
    sys.stdin.read()
    os._exit(0)
print(other, flush=True)
os.kill(os.getpid(), 9)
"""
    with program(sample_store, rest) as running:
        held = connection(line_of(running))
        other = int(line_of(running))
        wait_for_the_end(held)
        os.kill(other, 0)  # still there: it reads on


def test_ctrl_c_does_not_end_it(sample_store: Path) -> None:
    rest = """
try:
    os.killpg(0, 2)
    sys.stdin.read()
except KeyboardInterrupt:
    print("interrupted", flush=True)
sys.stdin.read()
"""
    with program(sample_store, rest) as running:
        address = line_of(running)
        assert line_of(running) == "interrupted"
        held = connection(address)
        running.communicate()
        wait_for_the_end(held)


def test_a_store_that_is_not_there_is_said_with_its_facts(tmp_path: Path) -> None:
    with pytest.raises(PatchstreamError) as failure:
        own_server(tmp_path / "nowhere")
    assert failure.value.code == "STORE_DAMAGED"
    assert failure.value.facts["store"] == str(tmp_path / "nowhere")
    assert "there is no such folder. Make one with" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_damaged_store_is_said_with_its_facts(sample_store: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "store"
    shutil.copytree(sample_store, damaged)
    record = next(damaged.rglob("zarr.json"))
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(PatchstreamError) as failure:
        own_server(damaged)
    assert failure.value.code == "STORE_DAMAGED"
    assert "\n" not in str(failure.value)


def test_a_server_that_ends_without_facts_is_quoted(sample_store: Path) -> None:
    with pytest.raises(PatchstreamError) as failure:
        own_server(sample_store, "--volume-budget", "much")
    assert failure.value.code == "UNAVAILABLE"
    assert "the process ended (exit code 2), saying: error: option '--volume-budget" in str(failure.value)


def test_a_server_that_is_not_ready_in_time_is_ended(sample_store: Path) -> None:
    with pytest.raises(PatchstreamError) as failure:
        OwnServer(str(sample_store), FLAGS, log=None, ready_s=0)
    assert failure.value.code == "DEADLINE"


def test_its_log_goes_to_a_file(sample_store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    own_server(sample_store, log=log).close()
    assert '"event":"stopped"' in log.read_text()


def test_a_long_temporary_folder_is_no_obstacle(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    own_server(sample_store).close()


def test_a_temporary_folder_that_cannot_be_written_is_said_in_one_line(
    sample_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")  # a longer one would not be taken
    with pytest.raises(PatchstreamError) as failure:
        own_server(sample_store)
    assert (failure.value.code, failure.value.facts["file"]) == ("WRITE_FAILED", "/nowhere")
    assert "TMPDIR" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_log_that_cannot_be_written_is_said_in_one_line(sample_store: Path, tmp_path: Path) -> None:
    with pytest.raises(PatchstreamError) as failure:
        own_server(sample_store, log=tmp_path / "gone" / "log")
    assert (failure.value.code, failure.value.facts["file"]) == ("WRITE_FAILED", str(tmp_path / "gone" / "log"))
    assert "\n" not in str(failure.value)


def test_two_servers_of_one_store_run_side_by_side(sample_store: Path) -> None:
    one, other = own_server(sample_store), own_server(sample_store)
    assert one.address != other.address
    one.close()
    connection(other.address).close()
    other.close()
