"""What a replica is worth, as it was measured lately."""

from collections import deque
from collections.abc import Sequence
from statistics import median_high
from time import monotonic

MOST_KEPT = 9
"""Of so many batches the middle one counts: the first ones wait for volumes, and a machine stumbles now and then."""
LEAST = 4
"""With fewer nothing is known."""
GOOD_FOR_S = 10.0
"""What was measured longer ago may not hold any more."""


class Worth:
    """How long a replica takes for a byte of a batch while it owes others, too."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._measured: deque[float] = deque(maxlen=MOST_KEPT)
        self._measured_at = float("-inf")

    def took(self, seconds: float, byte_length: int) -> None:
        """A batch that was owed together with the one before took so long from that one.

        One that was asked for alone says nothing: its time is the way there and back, and a replica that gets few wants
        would look slow, and get fewer.
        """
        if self._is_old:
            self._measured.clear()
        self._measured.append(seconds / byte_length)
        self._measured_at = monotonic()

    @property
    def seconds_per_byte(self) -> float | None:
        """None: nobody knows."""
        return None if self._is_old or len(self._measured) < LEAST else median_high(self._measured)

    @property
    def _is_old(self) -> bool:
        return monotonic() - self._measured_at >= GOOD_FOR_S


def finish_times(candidates: Sequence[tuple[int, float | None]]) -> list[float]:
    """Seconds until each would have sent all that it owes: (bytes, seconds for a byte), the new batch among them.

    One that is not measured counts as the best of the others: so it gets batches, and is measured. In bytes where none
    is.
    """
    known = [seconds for _, seconds in candidates if seconds is not None]
    best = min(known, default=1.0)
    return [byte_length * (best if seconds is None else seconds) for byte_length, seconds in candidates]
