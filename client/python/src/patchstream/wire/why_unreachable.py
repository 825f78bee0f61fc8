"""Why a server cannot be reached, in plain words: gRPC's reasons are OpenSSL's or the system's text, or none."""

import errno
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass

from .credentials import Credentials
from .sockets import connect_socket, speak_tls
from .target import Target, UnixPath


@dataclass(frozen=True, slots=True)
class Unreachable:
    """`reason` completes "ADDRESS: ..."; `may_pass`: it may be over when the server has started."""

    reason: str
    hint: str
    may_pass: bool


_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""What every HTTP/2 client says first: its preface and empty settings."""
_FRAME_HEAD_BYTES = 9
_SETTINGS_FRAME = 4
_TLS_ALERT = 21
_TRIES_S = 1.0

_RUNNING = "Is the server running there?"
_CHECK = "Check the address."
_SILENT = Unreachable(
    "it accepts connections but does not answer", "Is it the right port? Is the server busy or stopped?", True
)
_NO_GRPC = Unreachable("what listens there is no gRPC server", "Check host and port.", False)
_SPEAKS_TLS = Unreachable(
    "it closes connections in plain text: it seems to speak TLS", "Call it with tls=True or ca=FILE.", False
)
_NO_TLS = Unreachable("it does not speak TLS", "Leave out tls, ca, cert and key, or check the port.", False)
_WANTS_CERTIFICATE = Unreachable(
    "it serves only clients with a certificate that it trusts", "Give ours with cert=FILE and key=FILE.", False
)
_EXPIRED = Unreachable("its certificate has expired, or is not valid yet", "Check both clocks.", False)

# OpenSSL's numbers, x509_vfy.h.
_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED = 9, 10
_UNTRUSTED = frozenset({2, 7, 18, 19, 20, 21})
_OTHER_NAME = frozenset({62, 64})


def why_unreachable(target: Target, credentials: Credentials | None) -> Unreachable | None:
    """Tries a connection of its own; None where it works. `credentials` None: plain text."""
    try:
        with closing(_connect(target, credentials)) as connection:
            return _judge(_first_bytes(connection), credentials)
    except OSError as error:
        return in_words(error, target, credentials)


def _connect(target: Target, credentials: Credentials | None) -> socket.socket:
    connection = connect_socket(target, _TRIES_S)
    if credentials is None:
        return connection
    return speak_tls(connection, credentials.http2, credentials.server_name or _host(target))


def _first_bytes(connection: socket.socket) -> bytes:
    """What it says to our hello: a frame's head, or less where it hangs up."""
    connection.sendall(_HELLO)
    said = b""
    while len(said) < _FRAME_HEAD_BYTES:
        piece = connection.recv(_FRAME_HEAD_BYTES - len(said))
        if piece == b"":
            break
        said += piece
    return said


def _judge(said: bytes, credentials: Credentials | None) -> Unreachable | None:
    if len(said) > 3 and said[3] == _SETTINGS_FRAME:
        return None
    if said != b"" and said[0] != _TLS_ALERT:
        return _NO_GRPC
    return _SPEAKS_TLS if credentials is None else _WANTS_CERTIFICATE


def _host(target: Target) -> str:
    return "localhost" if isinstance(target, UnixPath) else target.host


def in_words(error: OSError, target: Target, credentials: Credentials | None) -> Unreachable:
    """A socket's error in words of our own; OpenSSL's text is kept out."""
    match error:
        case ssl.SSLCertVerificationError():
            return _untrusted(error, target, credentials)
        case ssl.SSLError():
            return _WANTS_CERTIFICATE if "ALERT" in (error.reason or "") else _NO_TLS
        case ConnectionRefusedError():
            return Unreachable("nothing listens there (connection refused)", _RUNNING, True)
        case FileNotFoundError():
            return Unreachable("there is no such socket", _RUNNING, True)
        case socket.gaierror():
            return Unreachable(f"the name {_host(target)} does not resolve", _CHECK, True)
        case ConnectionResetError() | BrokenPipeError():
            return _SPEAKS_TLS if credentials is None else _NO_TLS
        case TimeoutError() if error.errno is None:
            return _SILENT
        case _:
            if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT):
                return Unreachable("there is no way to that host", "Check the address and the network.", True)
            name = errno.errorcode.get(error.errno or 0, str(error))
            return Unreachable(f"the connection failed ({name})", _RUNNING, True)


def _untrusted(error: ssl.SSLCertVerificationError, target: Target, credentials: Credentials | None) -> Unreachable:
    if error.verify_code in (_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED):
        return _EXPIRED
    name = (credentials and credentials.server_name) or _host(target)
    if error.verify_code in _OTHER_NAME:
        hint = "Give the name that it is for with server_name=NAME."
        return Unreachable(f"its certificate is for another name than {name}", hint, False)
    if error.verify_code in _UNTRUSTED:
        has_own_ca = credentials is not None and credentials.has_own_ca
        by = "by the authority in ca" if has_own_ca else "by any authority that this system trusts"
        hint = "Give the certificate of the authority that signed it with ca=FILE."
        return Unreachable(f"its certificate is not signed {by}", hint, False)
    return Unreachable(f"its certificate is refused ({error.verify_message})", "Check the certificate.", False)
