"""A call of `Stream` over gRPC."""

from collections.abc import Callable
from time import monotonic

import grpc

from .call_scope import CallScope
from .calls import failure_of, method_path
from .channel import Channel
from .failures import status_of
from .outgoing import Outgoing, OutgoingCall


def carry_over_grpc(channel: Channel, outgoing: Outgoing, scope: CallScope, receive: Callable[[bytes], None]) -> None:
    """Carries a stream until the server ends it in order. Messages come as bytes.

    Raises what the call failed with, what `receive` raises, and `CallCancelledError`.
    """
    requests = OutgoingCall(outgoing)
    with channel:
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.grpc.stream_stream(method_path("Stream"))
        call = stream(requests, metadata=channel.metadata)
        try:
            with scope.ended_by(call.cancel):
                for message in call:
                    scope.check()
                    channel.was_reached = True
                    receive(message)
        except grpc.RpcError:
            scope.check()
            error, _ = failure_of(channel, status_of(call), "Stream", None, monotonic())
            raise error from None
        finally:
            requests.close()
            call.cancel()
