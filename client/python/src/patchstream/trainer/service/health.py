"""grpc.health.v1, as far as load balancers and probes ask for it (proto/grpc/health/v1/health.proto)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from patchstream.trainer.service.handlers import SERVICE
from patchstream.wire.varint import read_varint, varint

_SERVING, _NOT_SERVING = b"\x08\x01", b"\x08\x02"
"""Encoded answers: field 1, `status`."""
_UNKNOWN = b"\x08\x03"
_SERVICES = ("", SERVICE)
HEALTH = "grpc.health.v1.Health"


class Health:
    """The health of the service, and of the server as a whole. For one event loop."""

    def __init__(self) -> None:
        """Serving."""
        self._status = _SERVING
        self._changed = asyncio.Event()

    def end(self) -> None:
        """Not serving any more."""
        self._status = _NOT_SERVING
        self._changed.set()

    def handler(self) -> grpc.GenericRpcHandler:
        """The service."""

        async def check(request: bytes, context: "grpc.aio.ServicerContext[Any, Any]") -> bytes:
            if _service_of(request) not in _SERVICES:
                await context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
            return self._status

        async def watch(request: bytes, _context: object) -> AsyncIterator[bytes]:
            if _service_of(request) not in _SERVICES:
                yield _UNKNOWN
                await asyncio.Event().wait()
            yield self._status
            await self._changed.wait()
            yield self._status

        async def list_all(_request: bytes, _context: object) -> bytes:
            return b"".join(_field(1, _field(1, name.encode()) + _field(2, self._status)) for name in _SERVICES)

        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Check": grpc.unary_unary_rpc_method_handler(check),  # pyright: ignore[reportArgumentType]
            "List": grpc.unary_unary_rpc_method_handler(list_all),  # pyright: ignore[reportArgumentType]
            "Watch": grpc.unary_stream_rpc_method_handler(watch),  # pyright: ignore[reportArgumentType]
        }
        return grpc.method_handlers_generic_handler(HEALTH, handlers)


def _field(number: int, value: bytes) -> bytes:
    """A field of bytes."""
    return varint((number << 3) | 2) + varint(len(value)) + value


def _service_of(request: bytes) -> str:
    """Field 1 of a HealthCheckRequest."""
    if request[:1] != b"\x0a":
        return ""
    read = read_varint(request, 1, len(request))
    return "" if read is None else request[read[1] : read[1] + read[0]].decode("utf-8", "replace")
