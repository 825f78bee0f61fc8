"""TLS: what each wrong certificate and name is told, over both carriers."""

import shutil
import time
from collections.abc import Callable, Iterator
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


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.05)


def settled(*files: Path) -> None:
    """Waits until files have stayed as they are for as long as it takes to be believed."""
    until(lambda: all(abs(time.time() - file.stat().st_ctime) >= 1.0 for file in files))


def code_of(client: patchstream.DataClient) -> str | None:
    try:
        client.describe_dataset()
    except PatchstreamError as error:
        return error.code
    return None


def test_a_token_and_a_certificate_that_are_exchanged_are_sent_from_the_next_call_on(
    sample_store: Path, tmp_path: Path
) -> None:
    accepted, sent = tmp_path / "accepted", tmp_path / "sent"
    authority, cert, key = tmp_path / "authority.pem", tmp_path / "own.pem", tmp_path / "own.key"
    shutil.copy(AUTHORITY, authority)

    def show(name: str) -> None:
        shutil.copy(CERTIFICATES / f"{name}.pem", cert)
        shutil.copy(CERTIFICATES / f"{name}.key", key)

    accepted.write_text("data first\ndata second\n")
    sent.write_text("first\n")
    show("client")
    flags = [*over_tls("server"), "--tls-ca", str(authority), "--token-file", str(accepted)]
    with (
        serve(sample_store, *flags) as server,
        patchstream.connect(server.address, ca=AUTHORITY, cert=cert, key=key, token_file=sent) as client,
    ):
        run = client.open_run(SMALL_SPEC)
        next(run)
        accepted.write_text("data second\n")
        until(lambda: code_of(client) == "UNAUTHENTICATED")  # the server has read it
        sent.write_text("second\n")
        settled(sent)
        client.describe_dataset()
        run.close()

        shutil.copy(CERTIFICATES / "other-authority.pem", authority)
        show("stranger")
        settled(authority, cert, key)
        until(lambda: code_of(client) is None)
        run = client.open_run(SMALL_SPEC)
        assert next(run).step == 0
        key.write_text("half of a")
        settled(key)
        with pytest.warns(UserWarning, match="own.key"):
            client.describe_dataset()
        assert next(run).step == 1
