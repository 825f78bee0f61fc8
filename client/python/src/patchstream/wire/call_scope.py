"""How long a call may take, and who ends it early."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic


class CallCancelledError(Exception):
    """The call was ended by `CallScope.cancel`: nobody waits for its answer."""


class CallScope:
    """One attempt at a call. `cancel` may be called from any thread."""

    def __init__(self, timeout_s: float | None = None, *, heard: Callable[[], None] = lambda: None) -> None:
        """The time runs from here. `heard` is told of every part of the answer."""
        self.timeout_s = timeout_s
        self.heard = heard
        self._ends_at = None if timeout_s is None else monotonic() + timeout_s
        self._cancelled = Event()
        self._lock = Lock()
        self._ends: list[Callable[[], object]] = []

    @property
    def rest_s(self) -> float | None:
        """What is left of the time."""
        return None if self._ends_at is None else max(0.0, self._ends_at - monotonic())

    @property
    def is_cancelled(self) -> bool:
        """Nobody waits for the answer any more."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raises `CallCancelledError` where the call was cancelled."""
        if self.is_cancelled:
            raise CallCancelledError

    def pause(self, seconds: float) -> None:
        """Waits. Raises `CallCancelledError` as soon as the call is cancelled."""
        self._cancelled.wait(seconds)
        self.check()

    def cancel(self) -> None:
        """Ends the call; does not wait."""
        with self._lock:
            self._cancelled.set()
            ends, self._ends = self._ends, []
        for end in ends:
            end()

    @contextmanager
    def ended_by(self, end: Callable[[], object]) -> Generator[None]:
        """While it lasts `cancel` calls `end`, which must not wait."""
        with self._lock:
            is_cancelled = self.is_cancelled
            if not is_cancelled:
                self._ends.append(end)
        if is_cancelled:
            end()
        try:
            yield
        finally:
            with self._lock:
                if end in self._ends:
                    self._ends.remove(end)
