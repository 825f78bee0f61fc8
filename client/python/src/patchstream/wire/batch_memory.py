"""Memory for batches that is used again: fresh memory costs the system a page fault for every 4 KiB, 0.4 s a GB."""

import weakref
from collections import deque
from threading import Lock

import numpy as np
from numpy.typing import NDArray

POOLED_BYTES = 64 << 10
"""Below it memory is not kept: making it costs nothing."""
MOST_IDLE_BYTES = 256 << 20


class BatchMemory:
    """Lends arrays of bytes. A loan ends when nobody holds the array, or any view of it, any more.

    All methods may be called from any thread.
    """

    def __init__(self, most_idle_bytes: int = MOST_IDLE_BYTES) -> None:
        """`most_idle_bytes`: what is kept beyond that goes back to the system."""
        self._most_idle_bytes = most_idle_bytes
        self._lock = Lock()
        self._returned: deque[NDArray[np.uint8]] = deque()
        self._idle: list[NDArray[np.uint8]] = []

    @property
    def idle_bytes(self) -> int:
        """What is kept for the next loans."""
        self._tidy()
        return sum(memory.nbytes for memory in self._idle)

    def take(self, byte_length: int) -> NDArray[np.uint8]:
        """An array of so many bytes, holding anything."""
        if byte_length < POOLED_BYTES:
            return np.empty(byte_length, np.uint8)
        with self._lock:
            self._put_back()
            memory = self._fitting(byte_length)
        if memory is None:
            memory = np.empty(byte_length, np.uint8)
        # Views refer to the array that is made here and not to `memory`, because what this one is made of is no array.
        loan = np.frombuffer(memory.data[:byte_length], np.uint8)
        weakref.finalize(loan, self._ended, memory).atexit = False
        return loan

    def _ended(self, memory: NDArray[np.uint8]) -> None:
        """Never waits: the garbage collector may call this anywhere, also in a thread that holds the lock."""
        self._returned.append(memory)
        self._tidy()

    def _tidy(self) -> None:
        if not self._lock.acquire(blocking=False):
            return  # Who holds it, or the next one, does it.
        try:
            self._put_back()
        finally:
            self._lock.release()

    def _put_back(self) -> None:
        while self._returned:
            self._idle.append(self._returned.popleft())
        idle_bytes = sum(memory.nbytes for memory in self._idle)
        while idle_bytes > self._most_idle_bytes:
            idle_bytes -= self._idle.pop(0).nbytes

    def _fitting(self, byte_length: int) -> NDArray[np.uint8] | None:
        """The smallest that is large enough, but not twice as large: the newest of several."""
        fits = [at for at, memory in enumerate(self._idle) if byte_length <= memory.nbytes < 2 * byte_length]
        if not fits:
            return None
        return self._idle.pop(min(reversed(fits), key=lambda at: self._idle[at].nbytes))
