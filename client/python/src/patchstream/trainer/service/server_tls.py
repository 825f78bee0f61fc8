"""The certificates that a trainer shows and trusts, exchanged while it listens when their files change."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from patchstream.errors import PatchstreamError
from patchstream.trainer.service.log import ServiceLog
from patchstream.wire.file_marks import FileMarks
from patchstream.wire.named_file import not_what_it_must_be, read_named_file

_CERT = "a PEM certificate (--tls-cert)"
_KEY = "a PEM key of that certificate, without a passphrase (--tls-key)"
_CA = "a PEM certificate (--tls-ca)"


@dataclass(frozen=True, slots=True)
class ServerTls:
    """PEM files. With `ca`, clients must show a certificate that it signed (mTLS)."""

    cert: Path
    key: Path
    ca: Path | None

    @property
    def files(self) -> Sequence[Path | None]:
        """All that are named."""
        return [self.cert, self.key, self.ca]


class ServedCertificates:
    """What new connections are made with. Those that are open go on with what they began with."""

    def __init__(self, tls: ServerTls, log: ServiceLog) -> None:
        """Raises INPUT_DAMAGED."""
        self._tls = tls
        self._log = log
        self._marks = FileMarks(tls.files)
        self._first = _read(tls)

    def credentials(self) -> grpc.ServerCredentials:
        """For a port: gRPC asks for what there is at each new connection."""
        return grpc.dynamic_ssl_server_credentials(
            self._first,
            self._renewed,  # pyright: ignore[reportArgumentType]: it may give None, which the types leave out
            require_client_authentication=self._tls.ca is not None,
        )

    def _renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Called by gRPC, in threads of its own. None: nothing has changed that can be taken."""
        marks = self._marks.changed()
        if marks is None:
            return None
        self._marks = marks
        try:
            renewed = _read(self._tls)
        except PatchstreamError as error:
            self._log.write("renewal-refused", why=str(error))
            return None
        self._log.write("certificate-renewed")
        return renewed


def _read(tls: ServerTls) -> grpc.ServerCertificateConfiguration:
    """Raises INPUT_DAMAGED, also for a key that does not belong to its certificate."""
    cert, key = read_named_file(tls.cert, _CERT), read_named_file(tls.key, _KEY)
    _check_certificate(cert, tls.cert, _CERT)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key, password=lambda: b"")
    except ssl.SSLError as error:
        raise not_what_it_must_be(tls.key, f"it does not belong to the certificate {tls.cert}", _KEY) from error
    ca = None if tls.ca is None else read_named_file(tls.ca, _CA)
    if tls.ca is not None and ca is not None:
        _check_certificate(ca, tls.ca, _CA)
    return grpc.ssl_server_certificate_configuration([(key, cert)], root_certificates=ca)


def _check_certificate(content: bytes, file: Path, want: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise not_what_it_must_be(file, "it holds no certificate that can be read", want) from error
