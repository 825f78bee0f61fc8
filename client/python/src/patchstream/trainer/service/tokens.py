"""Who may call: the bearer tokens of a file."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from patchstream.errors import PatchstreamError, refuse
from patchstream.wire.named_file import not_what_it_must_be, read_named_file

_SCOPES = ("data", "train")
_OURS = "train"
_WANT = "a file with a token on each line (--token-file)"


@dataclass(frozen=True, slots=True)
class AcceptedToken:
    """A token, and whether it is meant for trainers."""

    digest: bytes
    may_call: bool


def read_token_file(file: Path) -> list[AcceptedToken]:
    """The tokens of a file: one a line, `TOKEN` or `SCOPE[,SCOPE] TOKEN`; empty lines are left out.

    Raises SPEC_INVALID for a line that is neither, never telling what it holds, and INPUT_DAMAGED for a file without a
    token and one that cannot be read.
    """
    tokens: list[AcceptedToken] = []
    lines = read_named_file(file, _WANT).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        scopes = words[0].split(",") if len(words) > 1 else [_OURS]
        if len(words) > 2 or not set(scopes) <= set(_SCOPES):
            want = 'a token, or "data", "train" or "data,train" and a token'
            raise refuse(f"{file}, line {number}", "something else", want)
        tokens.append(AcceptedToken(_digest(f"Bearer {words[-1]}"), _OURS in scopes))
    if not tokens:
        raise not_what_it_must_be(file, "it holds no token", _WANT)
    return tokens


def check_token(tokens: Sequence[AcceptedToken], metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Raises UNAUTHENTICATED for a call whose token is none of them or is not meant for trainers.

    Takes the same time whichever token matches, or none.
    """
    sent = next((value for key, value in metadata if key == "authorization"), "")
    got = _digest(sent if isinstance(sent, str) else "")
    matching = [token for token in tokens if hmac.compare_digest(token.digest, got)]
    if not matching:
        raise _refused("the bearer token is missing or wrong")
    if not any(token.may_call for token in matching):
        raise _refused(f'the bearer token lacks the scope "{_OURS}"')


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _refused(reason: str) -> PatchstreamError:
    return PatchstreamError({"code": "UNAUTHENTICATED", "reason": reason})
