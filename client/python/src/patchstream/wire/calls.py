"""Calls with one request: the answer, or a stream of messages."""

from collections.abc import Generator
from time import monotonic
from typing import TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from ..errors import PatchstreamError
from .call_scope import CallScope
from .channel import Channel
from .checksums import checksum_metadata, verify_checksum
from .failures import Status, call_failure, status_of
from .stream import broken_protocol, damaged

LOOK_S = 0.1
"""How often a server that is not there yet is looked at again."""

Answer = TypeVar("Answer", bound=Message)


def method_path(method: str) -> str:
    """The path of a method of DataService."""
    return f"/patchstream.v1.DataService/{method}"


def call_unary(channel: Channel, method: str, request: Message, answer: type[Answer], scope: CallScope) -> Answer:
    """Calls a method with one request and one answer.

    Raises UNAVAILABLE where the server cannot be reached, MESSAGE_DAMAGED for an answer that does not match its
    checksum, INTERNAL for one that does and is none of this version, what the server said otherwise, and
    `CallCancelledError`.
    """
    message = request.SerializeToString()
    metadata = (*channel.metadata, checksum_metadata(message))
    began_at = monotonic()
    while True:
        with channel:
            unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.grpc.unary_unary(method_path(method))
            call = unary.future(message, scope.rest_s, metadata)
            with scope.ended_by(call.cancel):
                is_ok = call.code() is grpc.StatusCode.OK
            scope.check()
            if is_ok:
                channel.was_reached = True
                scope.heard()
                received = call.result()
                what = f"the answer of {method}"
                is_as_sent = verify_checksum(call.trailing_metadata(), received, what)
                return _decode_whole(answer, received, what) if is_as_sent else decode(answer, received, what)
            error, is_worth_another = failure_of(channel, status_of(call), method, scope.timeout_s, began_at)
        if not is_worth_another:
            raise error
        scope.pause(LOOK_S)


def call_stream(channel: Channel, method: str, request: Message, scope: CallScope) -> Generator[bytes]:
    """Calls a method that answers with a stream: its messages, as bytes. Raises as `call_unary` does.

    Closing the generator ends the call.
    """
    message = request.SerializeToString()
    metadata = (*channel.metadata, checksum_metadata(message))
    with channel:
        streaming: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.grpc.unary_stream(method_path(method))
        call = streaming(message, scope.rest_s, metadata)
        try:
            with scope.ended_by(call.cancel):
                for received in call:
                    channel.was_reached = True
                    scope.heard()
                    yield received
        except grpc.RpcError:
            scope.check()
            error, _ = failure_of(channel, status_of(call), method, scope.timeout_s, monotonic())
            raise error from None
        finally:
            call.cancel()


def decode(message: type[Answer], received: bytes, what: str) -> Answer:
    """Reads a message. Raises MESSAGE_DAMAGED for bytes that are none."""
    try:
        return message.FromString(received)
    except DecodeError as error:
        raise damaged(what) from error


def _decode_whole(message: type[Answer], received: bytes, what: str) -> Answer:
    """Reads a message that is as it was sent. Raises INTERNAL for bytes that are none: the protocol's are others."""
    try:
        return message.FromString(received)
    except DecodeError as error:
        raise broken_protocol("it came whole and cannot be read", what) from error


def failure_of(
    channel: Channel, status: Status, method: str, timeout_s: float | None, began_at: float
) -> tuple[PatchstreamError, bool]:
    """What a failed call raises, and whether it is worth another try: the server may only have to start."""
    if status.code is grpc.StatusCode.UNAVAILABLE and status.details is None and not channel.was_reached:
        return channel.why_unreachable(began_at)
    if status.details is not None:
        channel.was_reached = True
    return call_failure(status, address=channel.address, method=method, timeout_s=timeout_s), False
