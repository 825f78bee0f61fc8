"""What has come of one replica since the client was opened, over all of its streams."""

from threading import Lock
from time import monotonic

from ..wire.stream import ReceivedBatch

FADE = 0.9
"""How much the batches before a batch count less with each one after it: the last ten or so make the mean."""


class ReplicaTally:
    """All methods may be called from any thread: streams of several runs count into one."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._lock = Lock()
        self.batches = 0
        self.bytes = 0
        self.shared_batches = 0
        self.damaged_batches = 0
        self.failovers = 0
        self._heard_at: float | None = None
        self._silent_at = float("-inf")
        self._served_weight = 0.0
        self._served_s = 0.0
        self._failure: tuple[str, float] | None = None

    def heard(self, at: float) -> None:
        """Something has come from it, `at` by `time.monotonic()`."""
        with self._lock:
            self._heard_at = at if self._heard_at is None else max(at, self._heard_at)

    def fell_silent(self) -> None:
        """It has not been heard of for longer than what it owes should take."""
        with self._lock:
            self._silent_at = monotonic()

    @property
    def is_silent(self) -> bool:
        """It fell silent, and nothing has come since. It may owe nothing any more: others have sent it."""
        return self._silent_at > (float("-inf") if self._heard_at is None else self._heard_at)

    def received(self, batch: ReceivedBatch) -> None:
        """A batch has come whole."""
        with self._lock:
            self.batches += 1
            self.bytes += batch.memory.nbytes
            self.shared_batches += batch.is_shared
            if batch.served_us is not None:
                self._served_weight = FADE * self._served_weight + 1
                self._served_s = FADE * self._served_s + batch.served_us / 1e6

    def damaged(self) -> None:
        """A batch has come with other bytes than its checksum's."""
        with self._lock:
            self.damaged_batches += 1

    def failed_over(self, batches: int = 1) -> None:
        """Batches that it owes are asked of others."""
        with self._lock:
            self.failovers += batches

    def failed(self, message: str) -> None:
        """A stream to it was lost, or it refuses."""
        with self._lock:
            self._failure = message, monotonic()

    @property
    def heard_s(self) -> float | None:
        """Seconds since something came from it; None where nothing has."""
        return None if self._heard_at is None else monotonic() - self._heard_at

    @property
    def served_s(self) -> float | None:
        """Seconds of its own time for a batch, mean of the last ones; None where it does not say."""
        return None if self._served_weight == 0 else self._served_s / self._served_weight

    @property
    def failure(self) -> tuple[str, float] | None:
        """What its stream was lost by last, or why it refuses, and seconds since then."""
        if self._failure is None:
            return None
        message, at = self._failure
        return message, monotonic() - at
