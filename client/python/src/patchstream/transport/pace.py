"""How fast a trainer goes, from when it asks for its batches and when it gets them."""

from dataclasses import dataclass
from time import monotonic

TELL_S = 1.0
"""How often the servers are told."""
PAUSE = 10.0
"""A step so many times longer than the longest of those before is a pause: validation, a checkpoint."""
FORGETTING = 0.97
"""How the longest is forgotten, step by step: in some eighty steps it is a tenth."""
MOST_US = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Pace:
    """Means over the latest steps, in microseconds: a step without waiting, the waiting, a batch's server time."""

    step_us: int
    waited_us: int
    served_us: int


class TrainerPace:
    """Called with the session's lock held."""

    def __init__(self, credit_batches: int) -> None:
        """`credit_batches`: how many batches are wanted ahead, and so how many servers can be busy at once."""
        self._credit = credit_batches
        self._told_at = monotonic()
        self._asked_at = 0.0
        self._got_at: float | None = None
        self._longest_s: float | None = None
        self._forget()

    def _forget(self) -> None:
        self._steps, self._step_s, self._waited_s, self._served, self._served_us = 0, 0.0, 0.0, 0, 0

    def asked(self) -> None:
        """The trainer asks for its next batch."""
        self._asked_at = monotonic()
        if self._got_at is None:
            return
        step_s = self._asked_at - self._got_at
        longest_s = step_s if self._longest_s is None else self._longest_s
        self._longest_s = max(step_s, FORGETTING * longest_s)
        if step_s <= PAUSE * longest_s:
            self._steps += 1
            self._step_s += step_s

    def got(self, served_us: int | None) -> None:
        """It gets it. `served_us`: of its server's time, where that says it."""
        self._got_at = monotonic()
        self._waited_s += self._got_at - self._asked_at
        if served_us is not None:
            self._served += 1
            self._served_us += served_us

    def due(self) -> Pace | None:
        """What is to be told now.

        Nothing too soon, and nothing where there was no step or no server says what its time is.
        """
        now = monotonic()
        if now - self._told_at < TELL_S or self._steps == 0 or self._served == 0:
            return None
        served_us = self._served_us / self._served
        pace = Pace(
            # More servers than batches are wanted ahead could not help.
            step_us=_whole(max(1e6 * self._step_s / self._steps, served_us / self._credit)),
            waited_us=_whole(1e6 * self._waited_s / self._steps),
            served_us=_whole(served_us),
        )
        self._told_at = now
        self._forget()
        return pace


def _whole(us: float) -> int:
    return min(MOST_US, round(us))
