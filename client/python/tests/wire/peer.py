"""A server that says over gRPC, and over a lane, whatever it is told to."""

import socket
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TypeAlias

import grpc

from patchstream.v1 import data_pb2
from patchstream.wire.calls import method_path
from patchstream.wire.channel import Channel, ChannelOptions, open_channel
from patchstream.wire.lane_frame import HEARTBEAT, LAST, framed
from tests.wire.events import DescribedRun

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
TICKET = bytes(32)
OK = b"grpc-status: 0\r\n"


def last(status: bytes = OK) -> bytes:
    """The status that ends a lane."""
    return bytes([LAST]) + len(status).to_bytes(4, "big") + status


def said(channel: Channel, run: DescribedRun, step: int) -> list[bytes]:
    """What a real server says to a stream that wants one step: started, begin, chunks, end."""
    start = data_pb2.Start(spec=run.info.spec, timeline=data_pb2.TIMELINE_TRAIN, rank=0, ranks=1)
    requests = [
        data_pb2.StreamRequest(start=start),
        data_pb2.StreamRequest(want=data_pb2.Want(first_step=step, count=1)),
    ]
    streaming: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.grpc.stream_stream(method_path("Stream"))
    return list(streaming(iter([request.SerializeToString() for request in requests])))


class _Service(grpc.GenericRpcHandler):
    def __init__(self, messages: Sequence[bytes], lane_port: int, heartbeat_ms: int) -> None:
        self._messages = messages
        self._heartbeat_ms = heartbeat_ms
        self._lane_port = lane_port

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler":
        def stream(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            del context
            next(requests)
            yield from self._messages

        def open_lane(request: bytes, context: grpc.ServicerContext) -> bytes:
            del request, context
            offer = data_pb2.OpenLaneResponse(
                port=self._lane_port, ticket=TICKET, ticket_ms=60_000, heartbeat_ms=self._heartbeat_ms
            )
            return offer.SerializeToString()

        if handler_call_details.method.endswith("/OpenLane"):
            answering: Handler = grpc.unary_unary_rpc_method_handler(open_lane)
            return answering
        streaming: Handler = grpc.stream_stream_rpc_method_handler(stream)
        return streaming


@contextmanager
def peer(
    messages: Sequence[bytes] = (), lane: bytes | None = None, *, silent: list[bytes] | None = None
) -> Generator[Channel]:
    """A channel to a server that answers every stream with `messages`; on a lane, with the bytes of `lane`.

    `lane` None: the same messages, framed, and that all is well. `silent`: then it says nothing more and does not hang
    up, with heartbeats of 50 ms; what the client says is added to the list.
    """
    said_on_lane = HEARTBEAT + b"".join(map(framed, messages)) + last() if lane is None else lane

    heard = [] if silent is None else silent

    def serve_lanes() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.recv(1 << 16)
                    connection.sendall(said_on_lane)
                    if silent is None:
                        connection.shutdown(socket.SHUT_WR)
                    # What is not read when a connection is closed takes with it what was sent.
                    while said := connection.recv(1 << 16):
                        heard.append(said)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(4) as threads:
        Thread(target=serve_lanes, daemon=True).start()
        server = grpc.server(threads)
        server.add_generic_rpc_handlers(
            (_Service(messages, listener.getsockname()[1], 10_000 if silent is None else 50),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        channel = open_channel(f"127.0.0.1:{port}", ChannelOptions())
        try:
            yield channel
        finally:
            channel.close()
            server.stop(None).wait()
            listener.shutdown(socket.SHUT_RDWR)
