"""Lets trainings run in the order in which they came, as many at a time as there are places and memory for."""

import asyncio
from collections.abc import Awaitable, Callable

from patchstream.trainer.service.known_training import KnownTraining
from patchstream.trainer.service.memory_budget import MemoryBudget, TakenMemory


class Turns:
    """One that does not fit holds up those behind it: a large one would never begin otherwise. For one event loop."""

    def __init__(self, places: int, memory: MemoryBudget, begin: Callable[[KnownTraining], Awaitable[None]]) -> None:
        """`begin` returns when the training is over, and never raises."""
        self._places, self._memory, self._begin = places, memory, begin
        self._waiting: list[KnownTraining] = []
        self._running: set[asyncio.Task[None]] = set()
        self._is_closed = False
        memory.on_freed(self._begin_next)

    def add(self, training: KnownTraining) -> None:
        """Queues it."""
        self._waiting.append(training)
        self._begin_next()

    def remove(self, training: KnownTraining) -> bool:
        """Takes a training out that waits; false where it does not."""
        if training not in self._waiting:
            return False
        self._waiting.remove(training)
        self._begin_next()  # What it held up may fit.
        return True

    def close(self) -> list[KnownTraining]:
        """Begins nothing more; gives back those that wait."""
        self._is_closed = True
        waiting, self._waiting = self._waiting, []
        return waiting

    async def over(self) -> None:
        """Returns when nothing runs any more."""
        if self._running:
            await asyncio.wait(self._running)

    def _begin_next(self) -> None:
        while not self._is_closed and self._waiting and len(self._running) < self._places:
            taken = self._memory.take(self._waiting[0].need_bytes)
            if taken is None:
                return
            training = self._waiting.pop(0)
            self._running.add(asyncio.get_running_loop().create_task(self._run(training, taken)))

    async def _run(self, training: KnownTraining, taken: TakenMemory) -> None:
        try:
            await self._begin(training)
        finally:
            task = asyncio.current_task()
            if task is not None:
                self._running.discard(task)
            taken.give_back()
