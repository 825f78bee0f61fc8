"""Manual transitions on their way to the loop, which answers them between two steps."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from patchstream.errors import PatchstreamError
from patchstream.transport.stage_timeline import StageChanged


@dataclass(frozen=True, slots=True)
class StageRequest:
    """A manual transition that somebody waits for."""

    stage: int | None
    """None: the stage after the one that `from_step` would have."""
    from_step: int | None
    """None: the first step not wanted yet."""
    hold: bool
    """The stage holds to the end, whatever the schedule says."""
    resolve: Callable[[StageChanged], None]
    reject: Callable[[PatchstreamError], None]


class StageRequests:
    """All methods may be called from any thread."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lock = Lock()
        self._waiting: list[StageRequest] = []
        self._closed: PatchstreamError | None = None

    def add(self, request: StageRequest) -> None:
        """Refused at once when no step follows any more."""
        with self._lock:
            closed = self._closed
            if closed is None:
                self._waiting.append(request)
        if closed is not None:
            request.reject(closed)

    def take(self) -> list[StageRequest]:
        """Hands over the requests that came since the last call."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken

    def close(self, reason: PatchstreamError) -> None:
        """Refuses those that wait, and all that come."""
        with self._lock:
            self._closed = self._closed or reason
        for request in self.take():
            request.reject(reason)
