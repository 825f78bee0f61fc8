"""Calls of a real server: answers, failures with their facts, and checksums."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from patchstream.errors import PatchstreamError
from patchstream.v1 import data_pb2
from patchstream.wire.call_scope import CallCancelledError, CallScope
from patchstream.wire.calls import call_stream, call_unary
from patchstream.wire.channel import Channel, ChannelOptions, open_channel
from patchstream.wire.checksums import checksum_metadata
from patchstream.wire.credentials import Tls
from patchstream.wire.failures import call_failure, status_of
from tests.serving import CERTIFICATES, Server, serve

WAIT_S = 30.0


@pytest.fixture(scope="module")
def channel(sample_server: Server) -> Iterator[Channel]:
    channel = open_channel(sample_server.address, ChannelOptions())
    yield channel
    channel.close()


def describe_run(channel: Channel, spec: object, scope: CallScope | None = None) -> data_pb2.DescribeRunResponse:
    request = data_pb2.DescribeRunRequest(spec=json.dumps(spec).encode())
    return call_unary(channel, "DescribeRun", request, data_pb2.DescribeRunResponse, scope or CallScope(WAIT_S))


def failure(channel: Channel) -> PatchstreamError:
    """How a small call fails."""
    with pytest.raises(PatchstreamError) as raised:
        describe_dataset(channel)
    channel.close()
    return raised.value


def describe_dataset(channel: Channel) -> data_pb2.DescribeDatasetResponse:
    request = data_pb2.DescribeDatasetRequest()
    return call_unary(channel, "DescribeDataset", request, data_pb2.DescribeDatasetResponse, CallScope(WAIT_S))


def test_a_call_is_answered(channel: Channel) -> None:
    heard: list[bool] = []
    scope = CallScope(WAIT_S, heard=lambda: heard.append(True))
    assert describe_run(channel, {"dataset": "Task04_Hippocampus"}, scope).train.steps > 0
    assert heard == [True]


def test_a_refusal_has_the_servers_facts(channel: Channel) -> None:
    with pytest.raises(PatchstreamError) as raised:
        describe_run(channel, {"dataset": "Task04_Hippocampus", "sede": 1})
    error = raised.value
    assert (error.code, error.retry) == ("SPEC_INVALID", "never")
    assert str(error) == "data.sede is not a known field" or error.facts["field"] == "data.sede"


def test_a_request_that_is_not_its_checksum_is_refused(channel: Channel) -> None:
    message = data_pb2.DescribeDatasetRequest(page_size=1).SerializeToString()
    changed = data_pb2.DescribeDatasetRequest(page_size=2).SerializeToString()
    path = "/patchstream.v1.DataService/DescribeDataset"
    unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.grpc.unary_unary(path)
    call = unary.future(changed, WAIT_S, (checksum_metadata(message),))
    assert call.code() is grpc.StatusCode.DATA_LOSS
    error = call_failure(status_of(call), address=channel.address, method="DescribeDataset")
    assert (error.code, error.retry) == ("MESSAGE_DAMAGED", "again")


def test_a_call_that_was_cancelled_says_nothing(channel: Channel) -> None:
    scope = CallScope(WAIT_S)
    scope.cancel()
    with pytest.raises(CallCancelledError):
        describe_run(channel, {"dataset": "Task04_Hippocampus"}, scope)


def test_a_deadline_names_what_was_waited_for(sample_store: Path) -> None:
    with serve(sample_store) as server:
        channel = open_channel(server.address, ChannelOptions())
        describe_dataset(channel)
        server.end("SIGSTOP")
        with pytest.raises(PatchstreamError) as raised:
            describe_run(channel, {}, CallScope(0.3))
        channel.close()
    assert raised.value.facts == {
        "code": "DEADLINE",
        "waitedFor": f"DescribeRun at {server.address}",
        "timeoutMs": 300,
    }


def test_a_stream_of_answers_comes_as_bytes(channel: Channel) -> None:
    case = describe_dataset(channel).cases[0].id
    request = data_pb2.ReadCaseRequest(case=case, volume=data_pb2.VOLUME_LABEL)
    messages = list(call_stream(channel, "ReadCase", request, CallScope(WAIT_S)))
    kinds = [data_pb2.ReadCaseResponse.FromString(message).WhichOneof("kind") for message in messages]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("volume_begin", "volume_end", {"chunk"})
    with pytest.raises(PatchstreamError) as raised:
        list(
            call_stream(
                channel, "ReadCase", data_pb2.ReadCaseRequest(case="x", volume=data_pb2.VOLUME_LABEL), CallScope(WAIT_S)
            )
        )
    assert raised.value.code == "NOT_FOUND"


def test_where_nothing_listens_one_line_says_so() -> None:
    error = failure(open_channel("127.0.0.1:1", ChannelOptions()))
    assert str(error) == ("127.0.0.1:1: nothing listens there (connection refused). Is the server running there?")


def test_a_server_that_has_just_started_is_waited_for(sample_store: Path, tmp_path: Path) -> None:
    address = f"unix:{tmp_path}/late.sock"
    assert str(failure(open_channel(address, ChannelOptions()))).startswith(f"{address}: there is no such socket")
    channel = open_channel(address, ChannelOptions(wait_s=WAIT_S))
    with serve(sample_store, "--listen", address):
        assert describe_dataset(channel).name == "Task04_Hippocampus"
    channel.close()


@pytest.fixture
def tls_server(sample_store: Path) -> Iterator[Server]:
    pair = ["--tls-cert", str(CERTIFICATES / "server.pem"), "--tls-key", str(CERTIFICATES / "server.key")]
    with serve(sample_store, *pair) as server:
        yield server


def test_what_is_wrong_with_tls_is_said_in_one_line(tls_server: Server, sample_server: Server) -> None:
    address = tls_server.address
    plain = failure(open_channel(address, ChannelOptions()))
    assert "it seems to speak TLS. Call it with tls=True or ca=FILE." in str(plain)
    stranger = ChannelOptions(tls=Tls(ca=CERTIFICATES / "other-authority.pem"))
    assert "its certificate is not signed by the authority in ca" in str(failure(open_channel(address, stranger)))
    renamed = ChannelOptions(tls=Tls(ca=CERTIFICATES / "authority.pem", server_name="elsewhere.example"))
    assert "its certificate is for another name than elsewhere.example" in str(failure(open_channel(address, renamed)))
    secure = ChannelOptions(tls=Tls(ca=CERTIFICATES / "authority.pem"))
    assert "it does not speak TLS" in str(failure(open_channel(sample_server.address, secure)))


def test_a_server_that_wants_a_certificate_says_so(sample_store: Path) -> None:
    own = ["--tls-cert", str(CERTIFICATES / "server.pem"), "--tls-key", str(CERTIFICATES / "server.key")]
    with serve(sample_store, *own, "--tls-ca", str(CERTIFICATES / "authority.pem")) as server:
        secure = ChannelOptions(tls=Tls(ca=CERTIFICATES / "authority.pem"))
        error = failure(open_channel(server.address, secure))
    assert "it serves only clients with a certificate that it trusts" in str(error)


def test_a_token_opens_a_server_that_asks_for_one(sample_store: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    with serve(sample_store, "--token-file", str(file)) as server:
        channel = open_channel(server.address, ChannelOptions(token_file=file))
        assert describe_dataset(channel).name == "Task04_Hippocampus"
        channel.close()
        error = failure(open_channel(server.address, ChannelOptions()))
    assert error.code == "UNAUTHENTICATED"
    assert server.address in str(error)


@pytest.mark.parametrize(
    ("address", "options", "line"),
    [
        ("a.example:1", ChannelOptions(token="x"), "a token leaves this machine only over TLS"),
        ("localhost:1", ChannelOptions(token="a\nb"), "printable ASCII"),
        ("localhost:1", ChannelOptions(tls=Tls(ca="none.pem")), "none.pem: there is no such file"),
        ("localhost:1", ChannelOptions(tls=Tls(ca=__file__)), "it holds no certificate that can be read"),
        ("localhost:1", ChannelOptions(tls=Tls(cert=CERTIFICATES / "client.pem")), "key is missing"),
        (
            "localhost:1",
            ChannelOptions(tls=Tls(cert=CERTIFICATES / "client.pem", key=CERTIFICATES / "server.key")),
            "it does not belong to the certificate",
        ),
        ("unix:/" + "x" * 200, ChannelOptions(), "at most 107 bytes long"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_called(
    address: str, options: ChannelOptions, line: str
) -> None:
    with pytest.raises(PatchstreamError, match=line) as raised:
        open_channel(address, options)
    assert "\n" not in str(raised.value)


def test_a_channel_that_was_given_up_lets_its_calls_end(sample_server: Server) -> None:
    channel = open_channel(sample_server.address, ChannelOptions())
    case = describe_dataset(channel).cases[0].id
    request = data_pb2.ReadCaseRequest(case=case, volume=data_pb2.VOLUME_IMAGE)
    messages = call_stream(channel, "ReadCase", request, CallScope(WAIT_S))
    next(messages)
    channel.give_up()
    assert len(list(messages)) > 0
    assert failure(channel).code == "UNAVAILABLE"
