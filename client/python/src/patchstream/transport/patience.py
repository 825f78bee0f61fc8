"""How long a silence is too long."""

SHORTEST_S = 0.25
FIRST_RENEWAL_S = 5.0
"""Silence, at first, after which a connection is given up for a new one; it doubles until something comes."""
FIRST_CHEAP_RENEWAL_S = 1.0
"""The same beside another replica, where little is lost: it has what is owed, too, or nothing is owed yet but the
opening of a stream."""
TICK_S = 0.05
"""How often silences are looked at."""
MOST_TICK_S = 10 * TICK_S
"""What takes this much longer than it should: the process stood still (suspended, or in a debugger).

Whatever a server sent meanwhile has not been looked at, so that time counts against nobody.
"""


class Patience:
    """How long a silence is too long for a kind of answer, by how long answers took lately."""

    def __init__(self) -> None:
        """Nothing has taken any time yet."""
        self._recent_s = 0.0

    @property
    def hedge_s(self) -> float:
        """Seconds after which the same is asked elsewhere."""
        return max(SHORTEST_S, 3 * self._recent_s)

    def took(self, seconds: float) -> None:
        """An answer, or the next part of one, took that long."""
        self._recent_s = max(seconds, (self._recent_s + seconds) / 2)
