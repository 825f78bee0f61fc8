"""TLS: what each wrong certificate and name is told, over both carriers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import patchstream
from patchstream import PatchstreamError
from tests.serving import CERTIFICATES, SMALL_SPEC, Server, serve

AUTHORITY = CERTIFICATES / "authority.pem"


def over_tls(name: str) -> list[str]:
    return ["--tls-cert", str(CERTIFICATES / f"{name}.pem"), "--tls-key", str(CERTIFICATES / f"{name}.key")]


@pytest.fixture(scope="module")
def tls_server(sample_store: Path) -> Iterator[Server]:
    with serve(sample_store, *over_tls("server")) as server:
        yield server


def failure(address: str, **options: object) -> PatchstreamError:
    with pytest.raises(PatchstreamError) as failed:
        patchstream.connect(address, **options).describe_dataset()  # pyright: ignore[reportArgumentType]
    assert "\n" not in str(failed.value)
    return failed.value


@pytest.mark.parametrize("authority", ["authority", "server"])
@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_a_server_is_trusted_by_its_authority_and_by_its_own_certificate(
    tls_server: Server, authority: str, carrier: patchstream.CarrierChoice
) -> None:
    trusted = CERTIFICATES / f"{authority}.pem"
    with patchstream.connect(tls_server.address, ca=trusted, carrier=carrier) as client:
        assert next(client.open_run(SMALL_SPEC)).carrier == carrier


def test_another_name_than_the_certificates_is_named(tls_server: Server) -> None:
    error = failure(tls_server.address, ca=AUTHORITY, server_name="data.example")
    assert error.facts["reason"] == "its certificate is for another name than data.example"
    assert error.hint == "Give the name that it is for with server_name=NAME."


def test_an_empty_name_is_refused(tls_server: Server) -> None:
    assert failure(tls_server.address, ca=AUTHORITY, server_name="").facts["field"] == "server_name"


def test_another_authority_is_said(tls_server: Server) -> None:
    error = failure(tls_server.address, ca=CERTIFICATES / "other-authority.pem")
    assert error.facts["reason"] == "its certificate is not signed by the authority in ca"


def test_a_certificate_that_has_expired_is_said(sample_store: Path) -> None:
    with serve(sample_store, *over_tls("expired")) as server:
        error = failure(server.address, ca=CERTIFICATES / "expired.pem")
    assert error.facts["reason"] == "its certificate has expired, or is not valid yet"
