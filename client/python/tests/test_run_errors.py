"""Errors that a user can make: one line that says what to do."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

import patchstream
from patchstream import DataClient, PatchstreamError
from patchstream.wire.channel import ChannelOptions
from tests.serving import CERTIFICATES, REPOSITORY, SMALL_SPEC, Server, serve


def refused(call: Callable[[], object]) -> PatchstreamError:
    with pytest.raises(PatchstreamError) as raised:
        call()
    assert "\n" not in str(raised.value)
    return raised.value


def test_what_is_no_address_option_or_file_is_refused_before_anything_is_opened() -> None:
    assert refused(lambda: patchstream.connect("a:1,,b:2")).facts["field"] == "addresses"
    assert refused(lambda: patchstream.connect([])).facts["field"] == "addresses"
    assert refused(lambda: patchstream.connect("a:1", carrier="ftp")).facts["field"] == "carrier"  # pyright: ignore[reportArgumentType]
    missing = refused(lambda: patchstream.connect("a:1", ca="nowhere.pem"))
    assert (missing.code, missing.facts["file"]) == ("INPUT_DAMAGED", "nowhere.pem")
    assert refused(lambda: patchstream.connect("a.example:1", token="secret")).code == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("localhost", "It has no port."),
        ("localhost:", "It has no port."),
        ("data.example", "It has no port."),
        ("::1", "An IPv6 address stands in brackets: [::1]:7070."),
        ("::1:7070", "An IPv6 address stands in brackets: [::1]:7070."),
        ("http://localhost:7070", "Leave out http://."),
        ("/run/data.sock", "A Unix socket's address is unix:/run/data.sock."),
        ("localhost:0", None),
        ("localhost:65536", None),
        ("localhost:seven", None),
        ("localhost:7070/", None),
        ("a:1;b:2", None),
        ("dns:///localhost", None),
        ("[::1]", None),
    ],
)
def test_an_address_without_a_port_and_other_mistakes_are_told_what_an_address_is(
    address: str, hint: str | None
) -> None:
    error = refused(lambda: patchstream.connect(address))
    assert (error.code, error.facts["field"], error.facts["got"]) == ("SPEC_INVALID", "address", address)
    assert "it must be host:port" in str(error)
    assert error.hint == hint


@pytest.mark.parametrize("address", ["[::1]:7070", "dns:///data.example:7070", "ipv4:127.0.0.1:1", "unix:/tmp/a.sock"])
def test_every_way_to_write_an_address_is_taken(address: str) -> None:
    patchstream.connect(address).close()


def test_a_misspelt_field_of_a_spec_is_named_with_the_one_that_was_meant(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        error = refused(lambda: client.open_run({**SMALL_SPEC, "epoch": 3}))
    assert (error.code, error.facts["field"]) == ("SPEC_INVALID", "data.epoch")
    assert "data.epochs" in str(error)


def test_a_list_that_is_too_long_is_told_its_length(sample_server: Server) -> None:
    stages = [{"patchSize": [8, 8, 8], "batchSize": 2, "epochs": 1}] * 2000
    with patchstream.connect(sample_server.address) as client:
        error = refused(lambda: client.open_run({**SMALL_SPEC, "stages": stages}))
    assert str(error).startswith("data.stages is a list of 2000 entries; it must be a list of 1 to 1024 entries")


def test_a_server_with_tls_called_without_and_a_server_without_called_with_say_so(sample_store: Path) -> None:
    pem = ["--tls-cert", str(CERTIFICATES / "server.pem"), "--tls-key", str(CERTIFICATES / "server.key")]
    with serve(sample_store, *pem) as secure, patchstream.connect(secure.address) as client:
        assert "TLS" in str(refused(client.describe_dataset))
    with serve(sample_store) as plain:
        authority = CERTIFICATES / "authority.pem"
        with patchstream.connect(plain.address, ca=authority) as client:
            assert "TLS" in str(refused(client.describe_dataset))


def test_a_server_that_does_not_know_a_call_may_be_an_older_one() -> None:
    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with patchstream.connect(f"127.0.0.1:{port}") as client:
            error = refused(client.describe_dataset)
        server.stop(None).wait()
    assert (error.code, error.facts["what"]) == ("UNSUPPORTED", f"DescribeDataset at 127.0.0.1:{port}")
    assert "is it older than this client" in str(error)


CALLED_WITH_TLS = """
import sys
import patchstream
try:
    patchstream.connect(sys.argv[1], tls=True).describe_dataset()
except patchstream.PatchstreamError as error:
    print(error)
"""


def test_a_failed_connection_is_our_line_and_nothing_of_grpcs(sample_server: Server) -> None:
    command = [sys.executable, "-c", CALLED_WITH_TLS, sample_server.address]
    untold = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    untold["PYTHONPATH"] = str(REPOSITORY / "client" / "python" / "src")
    ended = subprocess.run(command, env=untold, check=True, capture_output=True, text=True)
    assert "does not speak TLS" in ended.stdout
    assert ended.stderr == ""


def test_a_case_class_or_step_that_is_not_there_is_named(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        assert refused(lambda: client.read_label("nowhere")).facts["name"] == "nowhere"
        assert refused(lambda: client.read_locations(first_case(client), 9)).code == "NOT_FOUND"
        assert refused(lambda: client.get_batch(SMALL_SPEC, step=24)).code == "STEP_UNKNOWN"


def first_case(client: DataClient) -> str:
    return client.describe_dataset().cases[0].id


def test_a_token_is_in_no_repr() -> None:
    assert "secret" not in repr(ChannelOptions(token="secret"))


@pytest.mark.parametrize("deadline_s", [0, -1, float("nan"), float("inf")])
def test_a_deadline_that_no_wait_can_have_is_refused_by_name(deadline_s: float) -> None:
    error = refused(lambda: patchstream.connect("127.0.0.1:1", deadline_s=deadline_s))
    assert (error.code, error.facts["field"]) == ("SPEC_INVALID", "deadline_s")
