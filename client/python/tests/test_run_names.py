"""A name that stands for several servers, which change while a run streams."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import patchstream
from tests.free_port import free_port
from tests.serving import SMALL_SPEC, Server, serve


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system answers for loaders.example; may be changed at any time."""
    answer: list[str] = []
    ask_system = socket.getaddrinfo

    def ask(host: object, port: object, *rest: object, **more: object) -> object:
        if host != "loaders.example":
            return ask_system(host, port, *rest, **more)  # pyright: ignore[reportArgumentType, reportCallIssue]
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answer]

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return answer


@pytest.fixture
def servers(sample_store: Path) -> Iterator[tuple[int, list[Server]]]:
    """Three, at 127.0.0.1 to 127.0.0.3 of one port."""
    port = free_port()
    with ExitStack() as stack:
        flags = [("--host", f"127.0.0.{last}", "--port", str(port)) for last in (1, 2, 3)]
        yield port, [stack.enter_context(serve(sample_store, *one)) for one in flags]


def test_every_address_is_a_replica_and_one_that_takes_the_place_of_another_is_found_when_that_fails(
    names: list[str], servers: tuple[int, list[Server]]
) -> None:
    port, running = servers
    with patchstream.connect(running[2].address) as client:
        undisturbed = [batch.checksum for batch in client.open_run(SMALL_SPEC)]
    names[:] = ["127.0.0.1", "127.0.0.2"]
    with patchstream.connect(f"dns:///loaders.example:{port}") as client:
        run = client.open_run(SMALL_SPEC, credit_batches=2)
        got = [next(run).checksum for _ in range(4)]
        names[:] = ["127.0.0.3"]
        running[0].end("SIGKILL")
        got.append(next(run).checksum)
        running[1].end("SIGKILL")
        assert got + [batch.checksum for batch in run] == undisturbed


def test_a_name_that_nobody_knows_is_told_and_used_as_soon_as_somebody_does(
    names: list[str], servers: tuple[int, list[Server]]
) -> None:
    port, _ = servers
    unknown = pytest.raises(patchstream.PatchstreamError, match=r"^loaders\.example:\d+: the name loaders")
    with patchstream.connect(f"loaders.example:{port}") as client, unknown:
        client.describe_dataset()
    with patchstream.connect(f"loaders.example:{port}", wait_s=60) as client:
        names[:] = ["127.0.0.1"]
        assert client.describe_dataset().name == "Task04_Hippocampus"
