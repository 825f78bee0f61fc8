"""Whether lanes to one server are worth trying: what lies between may let through connections and not their bytes."""

from threading import Lock
from time import monotonic

MOST_LOST = 2
"""In a row, without anything of a batch in between."""
WITHOUT_LANE_S = 60.0
"""For how long gRPC is used then."""


class LaneTrust:
    """What is known of one server's lanes. All methods may be called from any thread."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._lock = Lock()
        self._lost = 0
        self._failed_at = float("-inf")

    @property
    def may_try(self) -> bool:
        """Whether a lane is worth trying."""
        return monotonic() - self._failed_at >= WITHOUT_LANE_S

    def carried(self) -> None:
        """A part of a batch has come."""
        self._lost = 0

    def lost(self) -> None:
        """One that was open is gone."""
        with self._lock:
            self._lost += 1
            if self._lost >= MOST_LOST:
                self._fail()

    def failed(self) -> None:
        """One could not be opened."""
        with self._lock:
            self._fail()

    def _fail(self) -> None:
        self._lost = 0
        self._failed_at = monotonic()
