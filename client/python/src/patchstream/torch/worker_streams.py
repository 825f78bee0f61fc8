"""Batches that worker processes receive and convert.

Batch k of a pass comes from worker k mod n, which is DataLoader's own order.
"""

from collections.abc import Callable, Iterator
from multiprocessing import get_context
from typing import Generic, TypeVar

import torch
from torch.utils.data import DataLoader

from ..batch import Batch
from ..run import Run
from .worker import Failed, Item, Pass, Shards, StagesChanged, Told

T = TypeVar("T")


class WorkerStreams(Generic[T]):
    """See `BatchSource`. Each worker has streams of its own and wants its own steps only; `run` opens none itself."""

    def __init__(
        self, run: Run, convert: Callable[[Batch], T], *, workers: int, prefetch_factor: int, pin: bool
    ) -> None:
        """Workers start with the first pass.

        They are spawned: a forked one would inherit threads' locks without the threads.
        """
        context = get_context("spawn")
        self.run = run
        self._convert = convert
        self._workers = workers
        self._ahead = workers * prefetch_factor
        self._told = [context.SimpleQueue() for _ in range(workers)]
        self._unwanted = context.RawArray("q", workers)
        self._sent = run.decisions
        self._loader: DataLoader[Item[T] | Failed] | None = DataLoader(
            Shards(run.part(0, 1), convert, self._told, self._unwanted),
            batch_size=None,
            collate_fn=_as_it_is,
            num_workers=workers,
            prefetch_factor=prefetch_factor,
            persistent_workers=True,
            multiprocessing_context=context,
            pin_memory=pin,
            generator=torch.Generator(),  # DataLoader draws a seed from it: the program's own numbers stay as they are
        )

    @property
    def first_unwanted(self) -> int:
        """See `BatchSource`. What DataLoader has asked its workers for counts as wanted."""
        return min(max(self.run.step + self._ahead, *self._unwanted), self.run.steps)

    def batches(self, end: int) -> Iterator[T]:
        """See `BatchSource`."""
        while self.run.step < end:
            yield from self._pass(end)

    def close(self) -> None:
        """See `BatchSource`."""
        self._loader = None  # whose iterator ends the workers

    def _pass(self, end: int) -> Iterator[T]:
        """Until `end`, or until somebody has moved the run."""
        run, first = self.run, self.run.step
        self._tell(Pass(first, end, run.decisions))
        items = iter(self._open_loader())
        with _CatchingUp(run) as catching_up:
            for step in range(first, end):
                if run.step != step:
                    return
                if run.decisions != self._sent:
                    self._tell(StagesChanged(run.decisions))
                item = next(items)
                if isinstance(item, Failed):
                    raise item.error
                # What was sent before the worker knew of a decision is asked for again, at the stage that it has now.
                is_right = item.stage == run.stage_of(step)
                value = item.value if is_right else self._convert(catching_up.batch_of(step))
                run.move_to(step + 1, run.decisions)
                yield value

    def _open_loader(self) -> "DataLoader[Item[T] | Failed]":
        if self._loader is None:
            raise ValueError("the loader was closed")
        return self._loader

    def _tell(self, message: Told) -> None:
        self._sent = message.decisions
        for queue in self._told:
            queue.put(message)


class _CatchingUp:
    """Streams for batches that workers sent for another stage; opened when there are some."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._open: Run | None = None

    def __enter__(self) -> "_CatchingUp":
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()

    def batch_of(self, step: int) -> Batch:
        if self._open is None or self._open.step != step or self._open.decisions != self._run.decisions:
            self.__exit__()
            self._open = self._run.part(0, 1)
        return next(self._open)


def _as_it_is(item: T) -> T:
    return item
