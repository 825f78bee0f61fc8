"""A long list in a bounded number of entries."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Thinned(Generic[Value]):
    """A long list of numbered values in at most `most` entries.

    Entry i stands for the values i * width to before (i + 1) * width, put together with `merge`; the width doubles
    when there is no room. So 250,000 steps take no more memory than 2,000.
    """

    def __init__(self, most: int, merge: Callable[[Value, Value], Value]) -> None:
        """`merge` takes the earlier of two first."""
        self._most = most
        self._merge = merge
        self._width = 1
        self.entries: list[Value | None] = []
        """None where an entry stands for no value."""

    def add(self, index: int, value: Value) -> None:
        """Takes value number `index`, which comes after all that were taken, or instead of them after a resume."""
        while index >= self._most * self._width:
            self._halve()
        at = index // self._width
        self.entries += [None] * (at + 1 - len(self.entries))
        self.entries[at] = self._merged(self.entries[at], value)

    def _merged(self, earlier: Value | None, later: Value | None) -> Value | None:
        if earlier is None or later is None:
            return later if earlier is None else earlier
        return self._merge(earlier, later)

    def _halve(self) -> None:
        if len(self.entries) % 2 == 1:
            self.entries.append(None)
        pairs = zip(self.entries[::2], self.entries[1::2], strict=True)
        self.entries = [self._merged(earlier, later) for earlier, later in pairs]
        self._width *= 2
