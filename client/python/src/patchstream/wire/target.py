"""Where an address leads: a port of a host, or a Unix socket."""

import ipaddress
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ..errors import refuse

_WANT = "host:port with a port from 1 to 65535, such as localhost:7070, or unix:/path"
MAX_PATH_BYTES = 107 if sys.platform == "linux" else 103
"""Bytes that a Unix socket's path may have: what unix(7)'s `sun_path` holds beside the 0 at its end."""


@dataclass(frozen=True, slots=True)
class HostPort:
    """A port of a host."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class UnixPath:
    """A Unix socket."""

    path: str


Target: TypeAlias = HostPort | UnixPath


def parse_target(address: str) -> Target:
    """Reads `host:port`, `[::1]:port`, `dns:///host:port`, `ipv4:...`, `ipv6:...` and `unix:/path`.

    Raises SPEC_INVALID for what cannot be called: every host needs a port, every path must fit a socket's address.
    """
    scheme, rest = _scheme(address)
    if scheme == "unix":
        path = rest.removeprefix("//")
        length = len(os.fsencode(path))
        if length > MAX_PATH_BYTES:
            raise refuse("address", path, f"at most {MAX_PATH_BYTES} bytes long (it has {length})")
        if path == "":
            raise refuse("address", address, "unix:/path")
        return UnixPath(path)
    place = re.sub(r"^//[^/]*/", "", rest)
    match = re.fullmatch(r"(?:\[(?P<bracketed>.*)\]|(?P<plain>[^:]*)):(?P<port>[0-9]{1,5})", place)
    host, port = ("", 0) if match is None else (match["bracketed"] or match["plain"], int(match["port"]))
    is_host = ip_of(host) is not None or re.fullmatch(r"[^\s:/;,[\]]+", host) is not None
    if not is_host or not 1 <= port <= 65_535:
        raise refuse("address", address, _WANT, _hint(address, place))
    return HostPort(host, port)


def _hint(address: str, place: str) -> str | None:
    """What is wrong with an address, where it is one of the usual mistakes."""
    scheme = re.match(r"[a-z]+://", address)
    if scheme is not None and scheme[0] != "dns://":
        return f"Leave out {scheme[0]}."
    if address.startswith("/"):
        return f"A Unix socket's address is unix:{address}."
    if ip_of(place) is not None and ":" in place:
        return "An IPv6 address stands in brackets: [::1]:7070."
    return "It has no port." if re.fullmatch(r"[^\s:/;,]+:?", address) else None


def _scheme(address: str) -> tuple[str, str]:
    match = re.match(r"(dns|ipv4|ipv6|unix):(.*)$", address)
    return (match[1], match[2]) if match else ("", address)


def beside(target: UnixPath, suffix: str) -> UnixPath:
    """The socket at the same path with `suffix` behind it."""
    return UnixPath(str(Path(target.path)) + suffix)


def ip_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_this_machine(target: Target) -> bool:
    """True for what never leaves this machine."""
    if isinstance(target, UnixPath) or target.host == "localhost" or target.host.endswith(".localhost"):
        return True
    ip = ip_of(target.host)
    return ip is not None and ip.is_loopback


def proxy_variable(target: Target) -> str | None:
    """The environment variable by which gRPC goes through a proxy to others than this machine."""
    if is_this_machine(target):
        return None
    return next((name for name in ("grpc_proxy", "https_proxy", "http_proxy") if os.environ.get(name)), None)
