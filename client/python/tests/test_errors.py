"""Errors say in one line what TypeScript's say, and cross processes."""

import pickle
import sys
import traceback
from pathlib import Path

import pytest

from patchstream.errors import PatchstreamError

LINES: list[tuple[dict[str, object], str]] = [
    ({"code": "STEP_PASSED", "step": 3, "delivered": 5}, "step 3 has passed; step 5 has been delivered"),
    (
        {"code": "STEP_UNKNOWN", "timeline": "val", "step": 9, "steps": 4},
        "step 9 does not exist; the val timeline has steps 0 to 3",
    ),
    (
        {"code": "STAGE_UNKNOWN", "timeline": "val", "stage": 0, "first": 3, "last": 3},
        "stage 0 does not exist; the val timeline has stage 3 only",
    ),
    ({"code": "NOT_FOUND", "what": "case", "name": "x", "known": ["a", "b"]}, 'no case "x"; known: a, b'),
    ({"code": "NOT_FOUND", "what": "case", "name": "x", "known": []}, 'no case "x"'),
    ({"code": "SPEC_INVALID", "field": "seed", "got": -1, "want": "0 or more"}, "seed is -1; it must be 0 or more"),
    ({"code": "SPEC_INVALID", "field": "seed", "want": "a number"}, "seed is missing; it must be a number"),
    ({"code": "SPEC_INVALID", "field": "sede", "got": 1, "want": "a known field"}, "sede is not a known field"),
    ({"code": "STORE_DAMAGED", "store": "s", "case": "c", "reason": "bad"}, "s, case c: bad"),
    ({"code": "TRAINING_ENDED", "training": "t", "state": "failed", "reason": ""}, "training t failed"),
    ({"code": "DEADLINE", "waitedFor": "step 1", "timeoutMs": 60000}, "waited 60000 ms for step 1"),
]


@pytest.mark.parametrize(("facts", "line"), LINES)
def test_a_failure_is_one_line(facts: dict[str, object], line: str) -> None:
    assert str(PatchstreamError(facts)) == line


def test_a_hint_ends_the_line() -> None:
    error = PatchstreamError({"code": "UNAVAILABLE", "address": "a:1", "reason": "nobody"}, "Start it.")
    assert str(error) == "a:1: nobody. Start it."


ERRORS_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"
FACTS_OF: list[dict[str, object]] = [
    {"code": "STEP_PASSED", "step": 3, "delivered": 5},
    {"code": "BATCH_DAMAGED", "step": 3, "attempts": 3},
    {"code": "WRITE_FAILED", "file": "model.pt", "reason": "no space left on device"},
    {"code": "SERVER_BUSY", "limit": "streams", "got": 9, "max": 8},
]


@pytest.mark.parametrize("facts", FACTS_OF)
def test_what_to_do_is_said_as_the_page_of_errors_has_it(facts: dict[str, object]) -> None:
    rows = ERRORS_PAGE.read_text().splitlines()
    row = next(row for row in rows if row.startswith(f"| `{facts['code']}` |"))
    what_to_do = row.removesuffix(" |").split(" | ")[-1]
    error = PatchstreamError(facts)
    assert error.advice == f"{error}. {what_to_do}"
    assert PatchstreamError(facts, "Do this.").advice == f"{error}. Do this."
    if sys.version_info >= (3, 11):
        assert traceback.format_exception(error)[-2:] == [
            f"patchstream.errors.PatchstreamError: {error}\n",
            f"{what_to_do}\n",
        ]
        assert traceback.format_exception(pickle.loads(pickle.dumps(error)))[-1] == f"{what_to_do}\n"


def test_a_message_that_says_what_would_be_right_has_no_more() -> None:
    error = PatchstreamError({"code": "SPEC_INVALID", "field": "seed", "got": -1, "want": "0 or more"})
    assert error.advice == str(error)
    assert not hasattr(error, "__notes__")


def test_what_is_refused_is_repeated_in_a_few_words() -> None:
    def line(got: object) -> str:
        return str(PatchstreamError({"code": "SPEC_INVALID", "field": "f", "got": got, "want": "right"}))

    assert line("x" * 100) == f'f is "{"x" * 60}"...; it must be right'
    assert line([1, 2.5, "a"]) == 'f is [1,2.5,"a"]; it must be right'
    assert line([[1], [2]]) == "f is a list of 2 entries; it must be right"
    assert line([1] * 9) == "f is a list of 9 entries; it must be right"
    assert line([*[1] * 16, "... 1984 more"]) == "f is a list of 2000 entries; it must be right"
    assert line({"a": 1}) == "f is an object with 1 fields; it must be right"
    assert line(True) == "f is true; it must be right"


def test_an_error_crosses_processes() -> None:
    error = PatchstreamError({"code": "BATCH_DAMAGED", "step": 1, "attempts": 3}, "Look.", retry="elsewhere")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.facts, copy.hint, copy.retry) == (str(error), error.facts, error.hint, error.retry)
