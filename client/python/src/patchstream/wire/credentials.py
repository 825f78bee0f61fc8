"""Who we are and whom we trust: PEM files, read and checked once, for gRPC's connections and for our own."""

import os
import ssl
from dataclasses import dataclass

import grpc

from ..errors import PatchstreamError, refuse
from .named_file import not_what_it_must_be, read_named_file


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files that prove who is who.

    `ca`: whom to trust (default: the system's); `cert` and `key`: who we are (mTLS). `server_name`: the name in the
    server's certificate, where it is not the address's host.
    """

    ca: str | os.PathLike[str] | None = None
    cert: str | os.PathLike[str] | None = None
    key: str | os.PathLike[str] | None = None
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What `Tls` names, read."""

    grpc: grpc.ChannelCredentials
    lane: ssl.SSLContext
    http2: ssl.SSLContext
    """Offers HTTP/2."""
    has_own_ca: bool
    server_name: str | None


def read_credentials(tls: Tls) -> Credentials:
    """Raises INPUT_DAMAGED naming file and option, SPEC_INVALID for one of certificate and key or an empty name."""
    if tls.server_name == "":
        raise refuse("server_name", "", "the name in the server's certificate")
    if (tls.cert is None) != (tls.key is None):
        missing = "cert" if tls.cert is None else "key"
        want = "given together with the other one of certificate and key"
        raise PatchstreamError({"code": "SPEC_INVALID", "field": missing, "want": want})
    lane, http2 = (_context() for _ in range(2))
    http2.set_alpn_protocols(["h2"])
    ca = cert = key = None
    for context in (lane, http2):
        ca = _trust(context, tls.ca)
        cert, key = _show(context, tls.cert, tls.key)
    trusted = grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=cert)
    return Credentials(trusted, lane, http2, ca is not None, tls.server_name)


def _context() -> ssl.SSLContext:
    """Trusts what gRPC does: also a certificate that is named itself, without the authority that signed it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _trust(context: ssl.SSLContext, file: str | os.PathLike[str] | None) -> bytes | None:
    if file is None:
        context.load_default_certs()
        return None
    want = "a PEM certificate (ca)"
    content = read_named_file(file, want)
    _load_authority(context, content, file, want)
    return content


def _load_authority(context: ssl.SSLContext, content: bytes, file: str | os.PathLike[str], want: str) -> None:
    try:
        context.load_verify_locations(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise not_what_it_must_be(file, "it holds no certificate that can be read", want) from error


def _show(
    context: ssl.SSLContext, cert: str | os.PathLike[str] | None, key: str | os.PathLike[str] | None
) -> tuple[bytes | None, bytes | None]:
    if cert is None or key is None:
        return None, None
    want_cert, want_key = "a PEM certificate (cert)", "a PEM key without a passphrase (key)"
    certificate, secret = read_named_file(cert, want_cert), read_named_file(key, want_key)
    _load_authority(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, cert, want_cert)
    try:
        context.load_cert_chain(cert, key, password=_no_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            want = "the key of that certificate"
            raise not_what_it_must_be(key, f"it does not belong to the certificate {os.fspath(cert)}", want) from error
        raise not_what_it_must_be(key, "it holds no key that can be read", want_key) from error
    return certificate, secret


def _no_passphrase() -> bytes:
    """Without this OpenSSL would ask at the terminal."""
    return b""
