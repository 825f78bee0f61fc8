"""The memory that trainings and predictions may take together."""

import os
from collections.abc import Callable
from pathlib import Path

from patchstream.errors import PatchstreamError

DEFAULT_SHARE = 0.75
"""Part of the memory that a trainer takes where nobody says how much."""

_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_bytes() -> int:
    """Memory of the machine, or of the container that it runs in."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for file in _CONTAINER_LIMITS:
        try:
            limit = int(Path(file).read_text())
        except (OSError, ValueError):
            continue  # There is no such limit.
        if limit > 0:
            most = min(most, limit)
    return most


class TakenMemory:
    """Memory that was taken."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        """Made by `MemoryBudget.take`."""
        self._give_back: Callable[[], None] | None = give_back

    def give_back(self) -> None:
        """Once: the second time does nothing."""
        if self._give_back is not None:
            give_back, self._give_back = self._give_back, None
            give_back()


class MemoryBudget:
    """What one takes is estimated before it begins; nothing measures what it comes to. For one event loop."""

    def __init__(self, most: int) -> None:
        """In bytes."""
        self.bytes = most
        self._taken = 0
        self._listeners: list[Callable[[], None]] = []

    @property
    def free(self) -> int:
        """Bytes that nobody has."""
        return self.bytes - self._taken

    def check_fits(self, need: int, what: str) -> None:
        """Raises LIMIT_EXCEEDED for more than there will ever be; `what` completes "... is estimated to take"."""
        if need <= self.bytes:
            return
        facts = {"limit": "memory_bytes", "got": need, "max": self.bytes}
        hint = (
            f"{what} is estimated to take {_gibibytes(need)} of the trainer's {_gibibytes(self.bytes)}. "
            "Give the trainer more with --memory, or the run a smaller network, patch or batch."
        )
        raise PatchstreamError({"code": "LIMIT_EXCEEDED", **facts}, hint)

    def take(self, need: int) -> TakenMemory | None:
        """None where so much is not free now."""
        if need > self.free:
            return None
        self._taken += need

        def give_back() -> None:
            self._taken -= need
            for listener in self._listeners:
                listener()

        return TakenMemory(give_back)

    def take_for_prediction(self, need: int) -> TakenMemory:
        """Raises LIMIT_EXCEEDED where so much is never free, SERVER_BUSY where it is not now."""
        self.check_fits(need, "The prediction")
        taken = self.take(need)
        if taken is None:
            facts = {"limit": "memory_bytes", "got": need, "max": self.free}
            raise PatchstreamError({"code": "SERVER_BUSY", **facts}, "Trainings take the rest: ask again later.")
        return taken

    def on_freed(self, listener: Callable[[], None]) -> None:
        """Calls `listener` whenever memory is given back."""
        self._listeners.append(listener)


def _gibibytes(count: int) -> str:
    return f"{count / (1 << 30):.2f} GiB"
