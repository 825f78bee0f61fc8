"""A port for a program that is told one, and must not be asked for it."""

import socket


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
