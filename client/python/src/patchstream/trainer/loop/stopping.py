"""The wish that a training ends after the step in progress, also while it waits for a batch."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock


class Stopping:
    """`stop` may be called from any thread."""

    def __init__(self) -> None:
        """Nobody wants it to stop."""
        self._lock = Lock()
        self._is_wanted = False
        self._end_waiting: Callable[[], None] | None = None

    @property
    def is_wanted(self) -> bool:
        """Somebody wants it to stop."""
        return self._is_wanted

    def stop(self) -> None:
        """Ends a wait in progress too."""
        with self._lock:
            self._is_wanted = True
            end = self._end_waiting
        if end is not None:
            end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Generator[None]:
        """While it lasts `stop` calls `end`, which makes what is waited for fail."""
        with self._lock:
            self._end_waiting = end
        try:
            yield
        finally:
            with self._lock:
                self._end_waiting = None
