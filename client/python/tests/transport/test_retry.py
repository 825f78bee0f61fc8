import pytest

from patchstream import PatchstreamError
from patchstream.errors import Retry
from patchstream.transport.retry import next_try

UNAVAILABLE = {"code": "UNAVAILABLE", "address": "a:1", "reason": "it is gone"}
NOT_FOUND: dict[str, object] = {"code": "NOT_FOUND", "what": "case", "name": "x", "known": []}
STORE_DAMAGED = {"code": "STORE_DAMAGED", "store": "s", "reason": "a bit flipped"}
MESSAGE_DAMAGED = {"code": "MESSAGE_DAMAGED", "what": "a message"}
INTERNAL = {"code": "INTERNAL", "where": "Stream at a:1", "reason": "Received RST_STREAM"}


@pytest.mark.parametrize(
    ("facts", "said", "following"),
    [
        (NOT_FOUND, "never", "never"),
        (STORE_DAMAGED, "elsewhere", "elsewhere"),
        (UNAVAILABLE, "elsewhere", "later"),
        (MESSAGE_DAMAGED, "again", "again"),
        (UNAVAILABLE, None, "later"),
        (NOT_FOUND, None, "never"),
        (MESSAGE_DAMAGED, None, "again"),
        (INTERNAL, None, "again"),
    ],
)
def test_what_a_server_said_of_another_attempt_counts_else_the_code(
    facts: dict[str, object], said: Retry | None, following: str
) -> None:
    assert next_try(PatchstreamError(facts, retry=said)) == following
