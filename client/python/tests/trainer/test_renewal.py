"""Certificates and tokens of both trainers are exchanged while they run."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import grpc
import pytest

from patchstream.errors import PatchstreamError
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.tokens import Tokens
from patchstream.v1 import trainer_pb2 as wire
from tests.serving import CERTIFICATES
from tests.trainer.trainers import Calls, trainer

pytestmark = pytest.mark.torch

BOTH = pytest.mark.parametrize("kind", ["torch", "onnx"])


def code_of(call: Callable[[], object]) -> grpc.StatusCode:
    try:
        call()
    except grpc.RpcError as error:
        return error.code()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    return grpc.StatusCode.OK


def until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.05)


class Told:
    """What has been written to standard error, by processes too."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.text = ""

    def has(self, event: str) -> bool:
        self.text += self._capfd.readouterr().err
        return f'"event": "{event}"' in self.text or f'"event":"{event}"' in self.text


@BOTH
def test_scopes_open_their_methods_and_a_token_that_is_taken_away_opens_none(kind: str, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("the-screen watch watching\nus train training\n")
    with (
        trainer(kind, tmp_path / "runs", "--token-file", str(tokens)) as one,
        Calls(one.address, "watching") as watching,
        Calls(one.address, "training") as training,
        Calls(one.address, "coming") as coming,
    ):

        def codes(calls: Calls) -> tuple[grpc.StatusCode, grpc.StatusCode]:
            stop = wire.StopTrainingRequest(training="no-such-training")
            return (
                code_of(lambda: calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse)),
                code_of(lambda: calls.call("StopTraining", stop, wire.StopTrainingResponse)),
            )

        ok, refused = grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED
        assert codes(watching) == (ok, refused)
        assert codes(training) == (ok, grpc.StatusCode.NOT_FOUND)
        assert codes(coming) == (refused, refused)
        tokens.write_text("the-screen watch watching\nthem train coming\n")
        until(lambda: codes(coming)[0] == ok)
        assert codes(training) == (refused, refused)
        assert codes(watching) == (ok, refused)


def test_a_token_file_that_cannot_be_taken_is_told_once_and_changes_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, told = tmp_path / "tokens", Told(capfd)
    file.write_text("us train secret\n")
    tokens = Tokens(file, ServiceLog("info"))
    held = tokens.check([("authorization", "Bearer secret")], "StartTraining")

    def goes_on() -> None:
        assert tokens.check([("authorization", "Bearer secret")], "StartTraining") == held
        tokens.still(held)

    for broken in ("", "no scope at secret\n"):
        file.write_text(broken)
        told.text = ""
        while not told.has("renewal-refused"):
            goes_on()
            time.sleep(0.05)
        goes_on()
        assert not told.has("tokens-renewed")
        assert told.text.count("renewal-refused") == 1
        assert "secret" not in told.text
    file.write_text("us watch secret\n")
    while not told.has("tokens-renewed"):
        code_of_check(tokens)
        time.sleep(0.05)
    assert code_of_check(tokens) == "UNAUTHENTICATED"
    with pytest.raises(PatchstreamError, match="revoked"):
        tokens.still(held)


def code_of_check(tokens: Tokens) -> str | None:
    try:
        tokens.check([("authorization", "Bearer secret")], "StartTraining")
    except PatchstreamError as error:
        return error.code
    return None


@BOTH
def test_a_certificate_that_is_exchanged_is_shown_to_who_connects(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = Told(capfd)
    cert, key = tmp_path / "own.pem", tmp_path / "own.key"

    def show(name: str) -> None:
        shutil.copy(CERTIFICATES / f"{name}.pem", cert)
        shutil.copy(CERTIFICATES / f"{name}.key", key)

    show("server")
    authorities: Mapping[str, bytes] = {
        name: (CERTIFICATES / f"{name}.pem").read_bytes() for name in ("authority", "other-authority")
    }
    with trainer(kind, tmp_path / "runs", "--tls-cert", str(cert), "--tls-key", str(key), "--log-level", "warn") as one:

        def reached(authority: str) -> bool:
            credentials = grpc.ssl_channel_credentials(authorities[authority])
            options = [("grpc.use_local_subchannel_pool", 1)]
            with grpc.secure_channel(one.address.replace("127.0.0.1", "localhost"), credentials, options) as channel:
                call = channel.unary_unary(
                    "/patchstream.v1.TrainerService/ListTrainings",
                    wire.ListTrainingsRequest.SerializeToString,
                    wire.ListTrainingsResponse.FromString,
                )
                return code_of(lambda: call(wire.ListTrainingsRequest(), timeout=30)) == grpc.StatusCode.OK

        assert reached("authority")
        assert not reached("other-authority")
        key.write_text("half of a")
        while not told.has("renewal-refused"):
            assert reached("authority")
        assert reached("authority")
        show("stranger")
        until(lambda: reached("other-authority"))
        assert not reached("authority")
