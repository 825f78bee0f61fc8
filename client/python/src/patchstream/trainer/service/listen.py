"""Where a trainer listens, and who may call it."""

import ipaddress
from dataclasses import dataclass

import grpc

from patchstream.errors import PatchstreamError, refuse
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.server_tls import ServedCertificates, ServerTls
from patchstream.trainer.service.tokens import Tokens
from patchstream.trainer.service.unix_socket import BoundSocket, bind_unix_socket


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """A port of this machine, or a Unix socket."""

    host: str
    port: int
    tls: ServerTls | None
    tokens: Tokens | None
    insecure: bool
    """Serve others than this machine without TLS."""
    unix: str | None = None
    """`unix:/path` instead of host, port and TLS, for processes of the same user: its file's permissions protect it."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a server listens."""

    address: str
    """host:port or unix:/path."""
    socket: BoundSocket | None
    """The file of a Unix socket."""

    def remove(self) -> None:
        """Removes the file of a Unix socket; right before the server stops to listen."""
        if self.socket is not None:
            self.socket.remove()


def check_listen(listen: ListenOptions) -> None:
    """Hosts other than loopback need TLS or `insecure`; with tokens they need TLS, since others could read them.

    Raises SPEC_INVALID.
    """
    if listen.unix is not None:
        return
    if not 0 <= listen.port <= 65_535:
        raise refuse("port", listen.port, "a port, 0 to 65535 (0: any free one)")
    if listen.tls is not None or _is_loopback(listen.host) or (listen.insecure and listen.tokens is None):
        return
    hint = (
        "Give a certificate and key, or --insecure on a network you trust."
        if listen.tokens is None
        else "Give a certificate and key: a token must not travel as plain text."
    )
    raise refuse("host", listen.host, "a loopback address when there is no TLS", hint)


async def listen_at(server: grpc.aio.Server, listen: ListenOptions, log: ServiceLog) -> Listener:
    """Binds and starts a server.

    Raises SPEC_INVALID, INPUT_DAMAGED for a PEM file, UNAVAILABLE for an address that cannot be had.
    """
    if listen.unix is not None:
        socket = bind_unix_socket(listen.unix, lambda first: _bind(server, first, None))
        await server.start()
        return Listener(socket.address, socket)
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    where = f"{host}:{listen.port}"
    certificates = None if listen.tls is None else ServedCertificates(listen.tls, log)
    try:
        port = _bind(server, where, certificates)
        await server.start()
    except RuntimeError as error:
        facts = {"code": "UNAVAILABLE", "address": where, "reason": "it cannot be listened at"}
        raise PatchstreamError(facts, "Is the port taken? Port 0 takes a free one.") from error
    return Listener(f"{host}:{port}", None)


def _bind(server: grpc.aio.Server, where: str, certificates: ServedCertificates | None) -> int:
    """The port. Raises RuntimeError."""
    if certificates is None:
        return server.add_insecure_port(where)
    return server.add_secure_port(where, certificates.credentials())


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
