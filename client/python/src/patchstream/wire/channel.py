"""One server, reached over one gRPC connection, and what is needed to open others beside it."""

import os
import re
from dataclasses import dataclass, field, replace
from threading import Lock
from time import monotonic

import grpc

from ..errors import PatchstreamError
from .credentials import Credentials, Tls, read_credentials
from .lane_trust import LaneTrust
from .named_file import not_what_it_must_be, read_named_file
from .target import HostPort, Target, is_this_machine, parse_target, proxy_variable
from .why_unreachable import Unreachable, why_unreachable

MAX_RECEIVED_MESSAGE = 64 << 20
LOOK_AHEAD = 16 << 20
"""Received per stream before the reader must take some."""
UNEXPLAINED_S = 0.7
"""For how long a connection is tried again that fails in gRPC though one of our own does not."""


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """How a server is reached."""

    tls: Tls | None = None
    """None: plain text."""
    token: str | None = field(default=None, repr=False)
    """Sent as `authorization: Bearer TOKEN`: over TLS, or to this machine."""
    token_file: str | os.PathLike[str] | None = None
    """A file that holds the token alone."""
    wait_s: float = 0.0
    """For how long a server that is not there yet is waited for before the first call fails."""


def secret_files(options: ChannelOptions) -> list[str | os.PathLike[str] | None]:
    """The files that a channel is made with; None for those that were not given."""
    tls = options.tls or Tls()
    return [tls.ca, tls.cert, tls.key, options.token_file]


class Channel:
    """Made by `open_channel`. All methods may be called from any thread."""

    def __init__(
        self,
        address: str,
        *,
        target: Target,
        grpc_channel: grpc.Channel,
        credentials: Credentials | None,
        token: str | None,
        wait_s: float,
        lanes: LaneTrust,
    ) -> None:
        """Owns `grpc_channel`."""
        self.address = address
        self.target = target
        self.grpc = grpc_channel
        self.credentials = credentials
        self.metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        self.lanes = lanes
        self.was_reached = False
        """The server has answered something."""
        self._wait_s = wait_s
        self._lock = Lock()
        self._calls = 0
        self._is_given_up = False

    def __enter__(self) -> "Channel":
        """A call begins. Raises UNAVAILABLE where the channel was given up: the call may be made over a new one."""
        with self._lock:
            if self._is_given_up:
                reason = "the connection was given up for a new one"
                raise PatchstreamError({"code": "UNAVAILABLE", "address": self.address, "reason": reason})
            self._calls += 1
        return self

    def __exit__(self, *_: object) -> None:
        """A call has ended."""
        with self._lock:
            self._calls -= 1
            is_last = self._is_given_up and self._calls == 0
        if is_last:
            self.grpc.close()

    def give_up(self) -> None:
        """No call begins any more; those that are under way go on, and the connection is closed after the last."""
        with self._lock:
            is_idle = not self._is_given_up and self._calls == 0
            self._is_given_up = True
        if is_idle:
            self.grpc.close()

    def close(self) -> None:
        """Ends every call."""
        with self._lock:
            self._is_given_up = True
        self.grpc.close()

    def why_unreachable(self, since: float) -> tuple[PatchstreamError, bool]:
        """Why no call gets through, and whether a call that began at `since` is worth another try."""
        variable = proxy_variable(self.target)
        if variable is None:
            why = why_unreachable(self.target, self.credentials)
        else:
            reason = f"it was not reached through the proxy that the environment variable {variable} names"
            why = Unreachable(reason, f"Unset {variable}, or add the server's host to no_proxy.", True)
        reason = "no connection could be made" if why is None else why.reason
        facts = {"code": "UNAVAILABLE", "address": self.address, "reason": reason}
        error = PatchstreamError(facts, None if why is None else why.hint)
        may_pass = why is None or why.may_pass
        until = since + self._wait_s + (UNEXPLAINED_S if why is None else 0.0)
        return error, may_pass and not self.was_reached and monotonic() < until


def open_channel(
    address: str, options: ChannelOptions, lanes: LaneTrust | None = None, ip: str | None = None
) -> Channel:
    """A lazy channel to `address` (`host:port`, `dns:///host:port`, `unix:/path`).

    `lanes`: those of earlier channels to the same server. `ip`: the one of the host's addresses that it goes to; all
    else is the host's, its certificate and its name in the calls. Raises SPEC_INVALID for what is no address,
    INPUT_DAMAGED for a file that cannot be used, UNAUTHENTICATED for a token that would travel in plain text.
    """
    target = parse_target(address)
    token = _token(options)
    _check_token(address, target, token, is_tls=options.tls is not None)
    credentials = None if options.tls is None else read_credentials(options.tls)
    called, text = target, address
    authority: list[tuple[str, int | str]] = []
    if ip is not None and isinstance(target, HostPort):
        called, text = HostPort(ip, target.port), f"{address} ({ip})"
        address = _host_and_port(called)
        authority = [("grpc.default_authority", _host_and_port(target)), ("grpc.enable_http_proxy", 0)]
        if credentials is not None:
            credentials = replace(credentials, server_name=credentials.server_name or target.host)
    settings = [*_settings(target, credentials), *authority]
    if credentials is None:
        grpc_channel = grpc.insecure_channel(address, settings)
    else:
        grpc_channel = grpc.secure_channel(address, credentials.grpc, settings)
    return Channel(
        text,
        target=called,
        grpc_channel=grpc_channel,
        credentials=credentials,
        token=token,
        wait_s=options.wait_s,
        lanes=lanes or LaneTrust(),
    )


def _host_and_port(target: HostPort) -> str:
    return f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"


def check_channel(address: str, options: ChannelOptions) -> None:
    """Raises what `open_channel` would."""
    open_channel(address, options).close()


def _settings(target: Target, credentials: Credentials | None) -> list[tuple[str, int | str]]:
    settings: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", MAX_RECEIVED_MESSAGE),
        ("grpc.http2.lookahead_bytes", LOOK_AHEAD),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 250),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    if is_this_machine(target):
        # A proxy is for other machines: it would look for this one's port on its own.
        settings.append(("grpc.enable_http_proxy", 0))
    if credentials is not None and credentials.server_name is not None:
        settings.append(("grpc.ssl_target_name_override", credentials.server_name))
    return settings


def _token(options: ChannelOptions) -> str | None:
    if options.token_file is None:
        return options.token
    want = "a file with a token (token_file)"
    token = read_named_file(options.token_file, want).decode("utf-8", "replace").strip()
    if token == "":
        raise not_what_it_must_be(options.token_file, "it is empty", want)
    return token


def _check_token(address: str, target: Target, token: str | None, *, is_tls: bool) -> None:
    if token is None:
        return
    # Without the value: an error may be printed and logged.
    if re.fullmatch(r"[\x20-\x7e]+", token) is None:
        raise PatchstreamError(
            {"code": "UNAUTHENTICATED", "reason": "a token is one or more printable ASCII characters"},
            "Look at token, or the file of token_file: it must hold the token alone.",
        )
    if not is_tls and not is_this_machine(target):
        reason = f"a token leaves this machine only over TLS, and {address} is called without"
        raise PatchstreamError(
            {"code": "UNAUTHENTICATED", "reason": reason}, "Call it with tls=True or ca=FILE, or without a token."
        )
