"""A lane whose port nobody can use, as behind a firewall: another address of this machine, which has gRPC alone."""

import socket
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

import patchstream
from patchstream import PatchstreamError
from tests.relay import Relay
from tests.serving import SMALL_SPEC, Server

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no 127.0.0.2")

ELSEWHERE = "127.0.0.2"


@pytest.fixture
def behind_firewall(sample_server: Server) -> Iterator[str]:
    """The server's address, without its lane's port."""
    with Relay(sample_server.address, ELSEWHERE) as relay:
        yield relay.address


def port_of(server: Server) -> int:
    assert server.lane is not None
    return int(server.lane.rsplit(":", 1)[1])


def test_batches_come_over_grpc_where_the_lanes_port_is_closed(behind_firewall: str) -> None:
    with patchstream.connect(behind_firewall) as client:
        assert {batch.carrier for batch in client.open_run(SMALL_SPEC)} == {"grpc"}


def test_batches_come_over_grpc_where_the_lanes_port_says_nothing(behind_firewall: str, sample_server: Server) -> None:
    with (
        closing(socket.create_server((ELSEWHERE, port_of(sample_server)))),
        patchstream.connect(behind_firewall) as client,
    ):
        assert {batch.carrier for batch in client.open_run(SMALL_SPEC)} == {"grpc"}


def test_who_wants_a_lane_alone_is_told_its_port_and_why(behind_firewall: str, sample_server: Server) -> None:
    with patchstream.connect(behind_firewall, carrier="lane", deadline_s=2) as client:
        run = client.open_run(SMALL_SPEC)
        with pytest.raises(PatchstreamError) as late:
            next(run)
    assert late.value.code == "DEADLINE"
    place = f"its lane at port {port_of(sample_server)} cannot be opened"
    assert f"{place}: nothing listens there (connection refused)" in str(late.value)
