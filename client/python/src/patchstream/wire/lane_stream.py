"""A call of `Stream` over a lane: a plain socket beside gRPC, at a fraction of its cost."""

import socket
from collections.abc import Callable, Iterator

from ..errors import PatchstreamError
from ..v1 import data_pb2
from .call_scope import CallScope
from .calls import call_unary
from .channel import Channel
from .failures import call_failure
from .lane_frame import LANE_SUFFIX
from .lane_reader import LaneReader, Receiver
from .lane_socket import ACCEPT_S, LaneLostError, LaneSocket
from .lane_status import read_lane_status
from .outgoing import Outgoing
from .sockets import connect_socket, speak_tls
from .target import HostPort, Target, UnixPath, beside
from .why_unreachable import in_words

OFFER_S = 5.0
"""An offer comes at once, or the server is busy."""

_SAME_FOR_GRPC = frozenset({"UNAVAILABLE", "DEADLINE", "MESSAGE_DAMAGED"})
"""How OpenLane fails where a stream over gRPC would fail, too."""


class LaneUnreachableError(Exception):
    """The server answers and its lane does not open, or it offers none: nothing was sent of the call."""

    def __init__(self, error: PatchstreamError) -> None:
        """`error`: why."""
        super().__init__(str(error))
        self.error = error


def carry_over_lane(
    channel: Channel,
    outgoing: Outgoing,
    scope: CallScope,
    receiver: Receiver,
    *,
    offered: Callable[[], None],
    opened: Callable[[LaneSocket], None],
) -> None:
    """Carries a stream until the server ends it in order.

    `offered` is called when the server has answered, `opened` is told of the lane once its ticket is taken.

    Raises `LaneUnreachableError`, what the call failed with, what `receiver` raises, and `CallCancelledError`.
    """
    offer = _ask(channel, scope)
    offered()
    failure: LaneUnreachableError | None = None
    for target in _targets(channel.target, offer.port):
        scope.check()
        try:
            _Lane(channel, offer, outgoing, scope, opened).carry(target, receiver)
        except LaneUnreachableError as error:
            failure = error  # Of several addresses of a name only the one that answered knows the ticket.
        else:
            return
    if failure is not None:
        raise failure


def _ask(channel: Channel, scope: CallScope) -> data_pb2.OpenLaneResponse:
    asking = CallScope(OFFER_S)
    try:
        with scope.ended_by(asking.cancel):
            return call_unary(channel, "OpenLane", data_pb2.OpenLaneRequest(), data_pb2.OpenLaneResponse, asking)
    except PatchstreamError as error:
        if error.code in _SAME_FOR_GRPC:
            raise
        raise LaneUnreachableError(error) from error


def _targets(target: Target, port: int) -> Iterator[Target]:
    """Where the lane may be: every address of the server's name."""
    if isinstance(target, UnixPath):
        yield beside(target, LANE_SUFFIX)
        return
    try:
        found = socket.getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    hosts = dict.fromkeys(str(place[0]) for *_, place in found) or {target.host: None}
    yield from (HostPort(host, port) for host in hosts)


class _Lane:
    """One connection, from its ticket to its end."""

    def __init__(
        self,
        channel: Channel,
        offer: data_pb2.OpenLaneResponse,
        outgoing: Outgoing,
        scope: CallScope,
        opened: Callable[[LaneSocket], None],
    ) -> None:
        self._channel = channel
        self._offer = offer
        self._outgoing = outgoing
        self._scope = scope
        self._opened = opened
        self._is_open = False

    def carry(self, target: Target, receiver: Receiver) -> None:
        """Connects and carries the stream to its end."""
        try:
            lane = LaneSocket(self._connect(target), self._outgoing, self._scope)
            try:
                with self._scope.ended_by(lane.wake):
                    self._talk(lane, receiver)
            finally:
                lane.close()
        except PatchstreamError as error:
            if self._is_open:
                raise
            raise LaneUnreachableError(error) from error

    def _connect(self, target: Target) -> socket.socket:
        try:
            connection = connect_socket(target, ACCEPT_S)
            if self._channel.credentials is None:
                return connection
            called = self._channel.target
            host = called.host if isinstance(called, HostPort) else "localhost"
            name = self._channel.credentials.server_name or host
            return speak_tls(connection, self._channel.credentials.lane, name)
        except OSError as error:
            why = in_words(error, self._channel.target, self._channel.credentials).reason
            raise self._unavailable(f"its lane at {_named(target)} cannot be opened: {why}") from error

    def _talk(self, lane: LaneSocket, receiver: Receiver) -> None:
        def alive() -> None:
            if not self._is_open:
                self._is_open = True
                lane.open(self._offer.heartbeat_ms / 1e3)
                self._opened(lane)

        lane.send(self._offer.ticket)
        try:
            status = read_lane_status(LaneReader(lane, receiver, alive=alive).read_to_end())
        except LaneLostError as error:
            raise self._unavailable(f"its lane was lost: {error}") from error
        if status is not None:
            raise call_failure(status, address=self._channel.address, method="Stream")

    def _unavailable(self, reason: str) -> PatchstreamError:
        return PatchstreamError({"code": "UNAVAILABLE", "address": self._channel.address, "reason": reason})


def _named(target: Target) -> str:
    return target.path if isinstance(target, UnixPath) else f"port {target.port}"
