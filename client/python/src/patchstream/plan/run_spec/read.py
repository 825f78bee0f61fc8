"""Readers of JSON: each returns a value of its type, or raises SPEC_INVALID naming the field."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

from patchstream.errors import refuse
from patchstream.zyx import Zyx

Value = TypeVar("Value")


def read_members(value: object, field: str) -> Mapping[str, object]:
    """The members of a JSON object."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value)
    raise refuse(field, value, "an object")


def read_list(value: object, field: str, read: Callable[[object, str], Value]) -> tuple[Value, ...]:
    """The entries of a JSON list."""
    if isinstance(value, list | tuple):
        entries = cast("Sequence[object]", value)
        return tuple(read(entry, f"{field}[{index}]") for index, entry in enumerate(entries))
    raise refuse(field, value, "a list")


def read_integer(value: object, field: str) -> int:
    """An integer; 3.0 is one too."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise refuse(field, value, "an integer")


def read_real(value: object, field: str) -> float:
    """A number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise refuse(field, value, "a number")


def read_truth(value: object, field: str) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise refuse(field, value, "true or false")


def read_text(value: object, field: str) -> str:
    """Text."""
    if isinstance(value, str):
        return value
    raise refuse(field, value, "text")


def word(known: Sequence[Value]) -> Callable[[object, str], Value]:
    """A reader of one of a few words."""

    def read(value: object, field: str) -> Value:
        for one in known:
            if one == value:
                return one
        raise refuse(field, value, f"one of {', '.join(str(one) for one in known)}")

    return read


def read_zyx(value: object, field: str) -> Zyx:
    """Three integers in axis order Z, Y, X."""
    numbers = read_list(value, field, read_integer)
    if len(numbers) == 3:
        return numbers[0], numbers[1], numbers[2]
    raise refuse(field, value, "three integers, in axis order Z, Y, X")


def read_range(value: object, field: str) -> tuple[float, float]:
    """A lower and an upper number."""
    numbers = read_list(value, field, read_real)
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    raise refuse(field, value, "two numbers")
