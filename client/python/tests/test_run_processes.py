"""Runs in other processes, and processes that end."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

import patchstream
from patchstream import PatchstreamError, Run
from tests.serving import SMALL_SPEC, Server, serve

LONGEST_S = 60.0
Batches: TypeAlias = list[tuple[int, int]]
"""Steps and checksums."""
Method: TypeAlias = Literal["fork", "spawn"]
Told: TypeAlias = "Connection[Batches, Batches]"


def rest_of(run: Run) -> Batches:
    return [(batch.step, batch.checksum) for batch in run]


def tell_rest(run: Run, to: Told) -> None:
    to.send(rest_of(run))
    os._exit(0)  # as workers of PyTorch end


def worker_tells(run: Run, method: Method) -> Callable[[], Batches]:
    """Starts a process that reads the rest of a run; what it tells."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork") if method == "fork" else multiprocessing.get_context("spawn")
    worker = context.Process(target=tell_rest, args=(run, theirs))
    worker.start()

    def told() -> Batches:
        assert ours.poll(LONGEST_S)
        batches = ours.recv()
        worker.join(LONGEST_S)
        return batches

    return told


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_parts_of_a_run_that_has_streams_are_read_by_workers_forked_or_spawned(
    sample_server: Server, method: Method
) -> None:
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(SMALL_SPEC)
        next(run)
        told = [worker_tells(run.part(index, 2), method) for index in range(2)]
        assert sorted(told[0]() + told[1]()) == rest_of(run)


def test_a_forked_worker_goes_on_with_the_run_itself_and_so_does_its_parent(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(SMALL_SPEC)
        next(run)
        told = worker_tells(run, "fork")
        assert told() == rest_of(run)


def test_a_pickled_run_is_at_its_step_with_its_decisions(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(SMALL_SPEC)
        next(run)
        run.change_stage(1, from_step=3)
        copy = pickle.loads(pickle.dumps(run))
        assert copy.state_dict() == run.state_dict()
        assert rest_of(copy) == rest_of(run)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
            assert other.submit(dataset_name, client).result(LONGEST_S) == "Task04_Hippocampus"


def dataset_name(client: patchstream.DataClient) -> str:
    return client.describe_dataset().name


def test_errors_cross_processes(sample_server: Server) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        failed = other.submit(read_missing_case, sample_server.address)
        with pytest.raises(PatchstreamError) as refused:
            failed.result(LONGEST_S)
    assert (refused.value.code, refused.value.facts["name"]) == ("NOT_FOUND", "nowhere")


def read_missing_case(address: str) -> None:
    with patchstream.connect(address) as client:
        client.read_image("nowhere")


def script(body: str, address: str) -> "subprocess.Popen[str]":
    """A Python process of its own, which has `run`."""
    program = f"import patchstream\nrun = patchstream.connect({address!r}).open_run({SMALL_SPEC!r})\n{body}"
    command = [sys.executable, "-W", "error", "-c", program]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


@pytest.mark.parametrize("body", ["next(run)", "next(run); raise SystemExit(0)", "pass", "for _ in run: pass"])
def test_a_program_that_closes_nothing_ends(sample_server: Server, body: str) -> None:
    process = script(body, sample_server.address)
    _, said = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, said) == (0, "")


WAITED_FOR = """
import os, signal, sys, threading
def when_it_waits(act):
    at = None
    while at != ("wait", "_take"):
        frame = sys._current_frames()[threading.main_thread().ident]
        at = frame.f_code.co_name, frame.f_back and frame.f_back.f_code.co_name
    act()
"""

INTERRUPTED = f"""{WAITED_FOR}
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
next(run)
print("ready", flush=True)
input()
threading.Thread(target=when_it_waits, args=(interrupt,)).start()
try:
    for batch in run: pass
except KeyboardInterrupt:
    print("stopped before", run.step, flush=True)
input()
run.load_state_dict(run.state_dict())
print(next(run).step)
"""


def test_ctrl_c_ends_a_wait_at_once_and_the_run_can_go_on(sample_store: Path) -> None:
    with serve(sample_store) as server:
        process = script(INTERRUPTED, server.address)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        server.end("SIGSTOP")
        process.stdin.write("\n")
        process.stdin.flush()
        stopped = process.stdout.readline().split()
        server.end("SIGCONT")
        said, failed = process.communicate("\n", timeout=LONGEST_S)
    assert (stopped[:2], failed) == (["stopped", "before"], "")
    assert said == f"{stopped[2]}\n"


STOPPED = f"""{WAITED_FOR}
client = patchstream.connect(run.client.addresses[0], deadline_s=5)
run = client.open_run(run.info.spec_bytes, credit_batches=1)
next(run)
print("ready", flush=True)
input()
threading.Thread(target=when_it_waits, args=(lambda: print("waits", flush=True),)).start()
print("all", sum(1 for _ in run) + 1)
"""
STOPPED_S = 7.0


def test_time_in_which_the_process_was_stopped_does_not_count_against_a_deadline(sample_store: Path) -> None:
    with serve(sample_store) as server:
        process = script(STOPPED, server.address)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        server.end("SIGSTOP")  # so that the program waits for a batch
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(STOPPED_S)
        process.send_signal(signal.SIGCONT)
        server.end("SIGCONT")
        said, failed = process.communicate(timeout=LONGEST_S)
    assert (said, failed) == ("all 24\n", "")
