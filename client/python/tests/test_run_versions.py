"""A server of another version, whose answers lack what this version's have or cannot be read."""

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

import patchstream
from patchstream import PatchstreamError
from patchstream.spec_input import spec_bytes
from patchstream.v1 import data_pb2
from patchstream.wire.call_scope import CallScope
from patchstream.wire.calls import call_unary
from patchstream.wire.channel import ChannelOptions, open_channel
from patchstream.wire.checksums import checksum_metadata, sha256
from tests.serving import SMALL_SPEC, Server

HINT = "Use the same version of patchstream at both ends."


class _Answers(grpc.GenericRpcHandler):
    """Answers calls by their names, each with its checksum."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self._answers = answers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        answer = self._answers[handler_call_details.method.rsplit("/", 1)[1]]

        def unary(request: bytes, context: grpc.ServicerContext) -> bytes:
            del request
            context.set_trailing_metadata((checksum_metadata(answer),))
            return answer

        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(unary)
        return handler


@contextmanager
def other_server(answers: Mapping[str, bytes]) -> Generator[str]:
    """The address of a server that gives `answers`."""
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        server.add_generic_rpc_handlers((_Answers(answers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def honest_answers(address: str) -> tuple[data_pb2.DescribeDatasetResponse, data_pb2.DescribeRunResponse]:
    channel, scope = open_channel(address, ChannelOptions()), CallScope(60)
    asked = data_pb2.DescribeDatasetRequest()
    dataset = call_unary(channel, "DescribeDataset", asked, data_pb2.DescribeDatasetResponse, scope)
    spec = spec_bytes(SMALL_SPEC)
    request = data_pb2.DescribeRunRequest(spec=spec, spec_sha256=sha256(spec), ranks=1)
    run = call_unary(channel, "DescribeRun", request, data_pb2.DescribeRunResponse, scope)
    channel.close()
    return dataset, run


def failure(call: Callable[[], object]) -> PatchstreamError:
    with pytest.raises(PatchstreamError) as failed:
        call()
    assert "\n" not in str(failed.value)
    return failed.value


def test_a_server_whose_answers_lack_what_this_versions_have_is_told_to_be_of_another(sample_server: Server) -> None:
    dataset, run = honest_answers(sample_server.address)
    dataset.ClearField("case_count")
    run.ClearField("received_sha256")
    answers = {"DescribeDataset": dataset.SerializeToString(), "DescribeRun": run.SerializeToString()}
    with other_server(answers) as address, patchstream.connect(address) as client:
        for call in (client.describe_dataset, lambda: client.open_run(SMALL_SPEC)):
            error = failure(call)
            assert (error.code, error.hint) == ("INTERNAL", HINT)


def test_an_answer_that_came_as_it_was_sent_and_cannot_be_read_is_no_damage() -> None:
    unread = bytes([0x0F, 0xFF])  # no wire type has the number 7
    with (
        other_server({"DescribeDataset": unread, "DescribeRun": unread}) as address,
        patchstream.connect(address) as client,
    ):
        error = failure(client.describe_dataset)
        assert str(error) == f"the answer of DescribeDataset: it came whole and cannot be read. {HINT}"
        assert failure(lambda: client.open_run(SMALL_SPEC)).code == "INTERNAL"
