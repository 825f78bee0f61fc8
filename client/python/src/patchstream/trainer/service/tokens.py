"""Who may call: the bearer tokens of a file, read again when it changes."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from patchstream.errors import PatchstreamError, refuse
from patchstream.trainer.service.log import ServiceLog
from patchstream.wire.file_marks import FileMarks
from patchstream.wire.named_file import not_what_it_must_be, read_named_file

_SCOPES = frozenset({"data", "train", "watch"})
_TRAIN = frozenset({"train"})
_WATCH = frozenset({"train", "watch"})
_WATCHING = frozenset({"WatchTraining", "DescribeTraining", "ListTrainings", "DescribeModel"})
"""What the scope "watch" opens, too. All other methods, also those to come, are for "train" alone."""
_WANT = "a file with a token on each line (--token-file)"
_LINE = 'a token, "SCOPE[,SCOPE] TOKEN" or "NAME SCOPE[,SCOPE] TOKEN" (scopes: data, train, watch)'
_NAME = re.compile(r"[\w.@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AcceptedToken:
    """A token as it is compared, and what it opens."""

    digest: bytes
    scopes: frozenset[str]


class Tokens:
    """The tokens that a trainer accepts, by now."""

    def __init__(self, file: Path, log: ServiceLog) -> None:
        """Raises what `read_token_file` does. A file that cannot be taken later is logged, and changes nothing."""
        self._file = file
        self._log = log
        self._marks = FileMarks([file])
        self._tokens = read_token_file(file)

    def check(self, metadata: Iterable[tuple[str, str | bytes]], method: str) -> AcceptedToken:
        """The token of a call of a method.

        Raises UNAUTHENTICATED for one that is not accepted or not meant for the method. Takes the same time whichever
        token matches, or none.
        """
        sent = next((value for key, value in metadata if key == "authorization"), "")
        got = _digest(sent if isinstance(sent, str) else "")
        matching = [token for token in self._now() if hmac.compare_digest(token.digest, got)]
        if not matching:
            raise _refused("the bearer token is missing or wrong")
        wanted = _WATCH if method in _WATCHING else _TRAIN
        for token in matching:
            if token.scopes & wanted:
                return token
        named = '" or "'.join(sorted(wanted))
        raise _refused(f'the bearer token lacks the scope "{named}"')

    def still(self, token: AcceptedToken) -> None:
        """Raises UNAUTHENTICATED for a token that is accepted no more, or with other scopes."""
        if token not in self._now():
            raise _refused("the bearer token was revoked")

    def _now(self) -> Sequence[AcceptedToken]:
        marks = self._marks.changed()
        if marks is None:
            return self._tokens
        self._marks = marks
        before = self._tokens
        try:
            self._tokens = read_token_file(self._file)
        except PatchstreamError as error:
            self._log.write("renewal-refused", why=str(error))
            return before
        revoked = sum(token not in self._tokens for token in before)
        self._log.write("tokens-renewed", tokens=len(self._tokens), revoked=revoked)
        return self._tokens


def read_token_file(file: Path) -> list[AcceptedToken]:
    """The tokens of a file: one a line, `TOKEN`, `SCOPE[,SCOPE] TOKEN` or `NAME SCOPE[,SCOPE] TOKEN`.

    Empty lines are left out. Raises SPEC_INVALID for a line that is none of these, never telling what it holds, and
    INPUT_DAMAGED for a file without a token and one that cannot be read.
    """
    tokens: list[AcceptedToken] = []
    lines = read_named_file(file, _WANT).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words:
            continue
        *named, token = words
        scopes = frozenset(named[-1].split(",")) if named else _TRAIN
        if len(named) > 2 or not scopes <= _SCOPES or (len(named) == 2 and not _NAME.fullmatch(named[0])):
            raise refuse(f"{file}, line {number}", "something else", _LINE)
        tokens.append(AcceptedToken(_digest(f"Bearer {token}"), scopes))
    if not tokens:
        raise not_what_it_must_be(file, "it holds no token", _WANT)
    return tokens


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _refused(reason: str) -> PatchstreamError:
    return PatchstreamError({"code": "UNAUTHENTICATED", "reason": reason})
