"""Connections of our own, beside gRPC's."""

import socket
import ssl

from .target import Target, UnixPath


def connect_socket(target: Target, timeout_s: float) -> socket.socket:
    """Connects within `timeout_s`, which stays the socket's timeout. Raises OSError."""
    if not isinstance(target, UnixPath):
        connection = socket.create_connection((target.host, target.port), timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(target.path)
    except BaseException:
        connection.close()
        raise
    return connection


def speak_tls(connection: socket.socket, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    """Shakes hands, within the socket's timeout; the server must show a certificate for `name`. Raises OSError."""
    try:
        return context.wrap_socket(connection, server_hostname=name)
    except BaseException:
        connection.close()
        raise
