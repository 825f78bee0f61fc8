"""The methods of a service as grpc.aio takes them: requests checked, failures with their facts."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from patchstream.errors import PatchstreamError
from patchstream.trainer.service.counts import Counts
from patchstream.trainer.service.failed_call import code_of, failed_call
from patchstream.trainer.service.failure_status import status_of
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.tokens import Tokens
from patchstream.wire.checksums import checksum_metadata, verify_checksum

MOST_MESSAGE_BYTES = 4 << 20
"""Of a request message; more is LIMIT_EXCEEDED."""

if TYPE_CHECKING:
    Context: TypeAlias = grpc.aio.ServicerContext[bytes, bytes]
Request = TypeVar("Request", bound=Message)


class Methods:
    """Makes handlers of functions. What these raise becomes the call's status."""

    def __init__(self, tokens: Tokens | None, log: ServiceLog, counts: Counts) -> None:
        """`tokens` None: everybody may call."""
        self._tokens = tokens
        self._log = log
        self._counts = counts

    def unary(
        self, name: str, request: type[Request], answer: Callable[[Request], Awaitable[Message]]
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """One request, one answer."""

        async def handle(message: bytes, context: "Context") -> bytes:
            try:
                with self._timed(name):
                    self._check_token(name, context)
                    encoded = (await answer(self._read(name, request, message, context))).SerializeToString()
            except Exception as error:
                await self._fail(name, error, context)
                raise
            context.set_trailing_metadata((checksum_metadata(encoded),))
            return encoded

        return grpc.unary_unary_rpc_method_handler(handle)  # pyright: ignore[reportArgumentType]

    def stream(
        self, name: str, request: type[Request], answer: Callable[[Request], AsyncGenerator[Message]]
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """One request, a stream of answers."""

        async def handle(message: bytes, context: "Context") -> AsyncIterator[bytes]:
            try:
                with self._timed(name):
                    may_go_on = self._check_token(name, context)
                    async with aclosing(answer(self._read(name, request, message, context))) as messages:
                        async for one in messages:
                            may_go_on()
                            yield one.SerializeToString()
            except Exception as error:
                await self._fail(name, error, context)

        return grpc.unary_stream_rpc_method_handler(handle)  # pyright: ignore[reportArgumentType]

    def duplex(
        self,
        name: str,
        request: type[Request],
        answer: Callable[[AsyncIterator[Request]], AsyncGenerator[Message]],
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """Both sides stream."""

        async def handle(requests: AsyncIterator[bytes], context: "Context") -> AsyncIterator[bytes]:
            async def read() -> AsyncIterator[Request]:
                async for message in requests:
                    yield self._read(name, request, message, None)

            try:
                may_go_on = self._check_token(name, context)
                async with aclosing(answer(read())) as messages:
                    async for one in messages:
                        may_go_on()
                        yield one.SerializeToString()
            except Exception as error:
                await self._fail(name, error, context)

        return grpc.stream_stream_rpc_method_handler(handle)  # pyright: ignore[reportArgumentType]

    @contextmanager
    def _timed(self, name: str) -> Generator[None]:
        """Counts a call. One that its caller leaves is over like any other."""
        began, code = perf_counter(), "OK"
        try:
            yield
        except Exception as error:
            code = code_of(error)
            raise
        finally:
            self._counts.call_ended(name, code, perf_counter() - began)

    def _check_token(self, name: str, context: "Context") -> Callable[[], None]:
        """Raises UNAUTHENTICATED; so does the function that it gives, once the token is revoked."""
        tokens = self._tokens
        if tokens is None:
            return lambda: None
        token = tokens.check(context.invocation_metadata() or (), name)
        return lambda: tokens.still(token)

    def _read(self, name: str, request: type[Request], message: bytes, context: "Context | None") -> Request:
        """Raises LIMIT_EXCEEDED, MESSAGE_DAMAGED, and REQUEST_INVALID for what is no such message."""
        if len(message) > MOST_MESSAGE_BYTES:
            limit = {"limit": "max_message_bytes", "got": len(message), "max": MOST_MESSAGE_BYTES}
            raise PatchstreamError({"code": "LIMIT_EXCEEDED", **limit})
        if context is not None:
            verify_checksum(context.invocation_metadata(), message, f"the request of {name}")
        try:
            return request.FromString(message)
        except DecodeError as error:
            facts = {"field": "the request", "got": f"{len(message)} bytes", "want": f"a {request.DESCRIPTOR.name}"}
            raise PatchstreamError({"code": "REQUEST_INVALID", **facts}) from error

    async def _fail(self, name: str, error: Exception, context: "Context") -> None:
        code, message, trailers = status_of(error)
        self._counts.call_failed(code_of(error))
        event, facts = failed_call(error, code)
        self._log.write(event, method=name, peer=context.peer(), **facts)
        await context.abort(code, message, trailers)
