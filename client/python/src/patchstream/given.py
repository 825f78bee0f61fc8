"""What a caller gives, looked at before it becomes a message: protobuf refuses in words of its own, or not at all."""

from collections.abc import Mapping
from math import isfinite
from operator import index
from typing import Any

from .errors import refuse_request
from .timeline import Timeline
from .zyx import Zyx

MOST = (1 << 32) - 1
"""The largest number of most fields of the protocol."""


def integer(field: str, value: object) -> int:
    """An integer as an int: also one of numpy's or torch's. Raises REQUEST_INVALID, naming the field."""
    try:
        return index(value)  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise refuse_request(field, value, "an integer") from None


def whole(field: str, value: object, lowest: int = 0, highest: int = MOST) -> int:
    """The same within bounds."""
    number = integer(field, value)
    if not lowest <= number <= highest:
        raise refuse_request(field, number, f"an integer from {lowest} to {highest}")
    return number


def whole_or_none(field: str, value: object, lowest: int = 0, highest: int = MOST) -> int | None:
    """`whole` of what may be left out."""
    return None if value is None else whole(field, value, lowest, highest)


def timeline_of(value: object) -> Timeline:
    """Raises REQUEST_INVALID for what is neither `train` nor `val`."""
    if value == "train":
        return "train"
    if value == "val":
        return "val"
    raise refuse_request("timeline", value, "train or val")


def box_of(region: tuple[Zyx, Zyx]) -> tuple[Zyx, Zyx]:
    """A box's corners, each three whole numbers. Raises REQUEST_INVALID for anything else."""
    corners = [[whole("region", number) for number in corner] for corner in region]
    if [len(corner) for corner in corners] != [3, 3]:
        raise refuse_request("region", corners, "(start, end), each (Z,Y,X)")
    (z, y, x), (end_z, end_y, end_x) = corners
    return (z, y, x), (end_z, end_y, end_x)


def are_finite(metrics: Mapping[Any, Any]) -> bool:
    """Whether these are numbers, none of them infinite, with names."""
    try:
        return all(isinstance(name, str) and isfinite(value) for name, value in metrics.items())
    except (TypeError, ValueError, OverflowError):
        return False
