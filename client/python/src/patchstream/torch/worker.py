"""What a worker process does: it receives its own steps of each pass, and converts them."""

from collections.abc import Callable, Iterator, Sequence
from ctypes import Array, c_longlong
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from torch.utils.data import IterableDataset, get_worker_info

from ..batch import Batch
from ..errors import PatchstreamError
from ..run import Run
from ..transport.stage_timeline import StageDecision

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass begins: the steps from `first` to before `end`, over all workers."""

    first: int
    end: int
    decisions: tuple[StageDecision, ...]


@dataclass(frozen=True, slots=True)
class StagesChanged:
    """The decisions that hold from now on."""

    decisions: tuple[StageDecision, ...]


Told: TypeAlias = Pass | StagesChanged
"""What a worker is told, in order."""


class Item(NamedTuple, Generic[T]):
    """A batch that a worker sends. A named tuple, so that DataLoader pins what is in it."""

    step: int
    stage: int
    value: T


class Failed(NamedTuple):
    """A worker's failure with its facts: DataLoader itself would keep only its text."""

    error: PatchstreamError


class Shards(IterableDataset["Item[T] | Failed"], Generic[T]):
    """Worker w of n hands out the steps w, w + n, w + 2n, ... of each pass."""

    def __init__(
        self,
        run: Run,
        convert: Callable[[Batch], T],
        told: "Sequence[SimpleQueue[Told]]",
        unwanted: "Array[c_longlong]",
    ) -> None:
        """One entry of `told` and `unwanted` (the first step not wanted yet) a worker.

        `run` is the whole, and opened by nobody.
        """
        self._run = run
        self._convert = convert
        self._told = told
        self._unwanted = unwanted
        self._part = run
        self._next_pass: Pass | None = None

    def __iter__(self) -> "Iterator[Item[T] | Failed]":
        """This worker's batches of the pass that it has been told of."""
        info = get_worker_info()
        if info is None:
            raise RuntimeError("only DataLoader's workers iterate this")
        told, now = self._told[info.id], self._next_pass
        self._next_pass = None
        while now is None:
            message = told.get()
            now = message if isinstance(message, Pass) else None
        try:
            self._begin(now, info.id, info.num_workers)
            while self._part.step < now.end:
                while not told.empty():
                    message = told.get()
                    if isinstance(message, Pass):
                        self._next_pass = message  # this one was left early
                        return
                    self._follow(message.decisions)
                batch = next(self._part)
                self._unwanted[info.id] = self._part.first_unwanted
                yield Item(batch.step, batch.stage, self._convert(batch))
        except PatchstreamError as error:
            yield Failed(error)

    def _begin(self, now: Pass, index: int, count: int) -> None:
        """Goes on with what has been received ahead, where the pass begins at the step that comes next anyway."""
        if self._part is not self._run and self._part.step == now.first + index:
            self._follow(now.decisions)
            return
        self._part.close()
        self._run.move_to(now.first, now.decisions)
        self._part = self._run.part(index, count)

    def _follow(self, decisions: tuple[StageDecision, ...]) -> None:
        """Makes this worker's list of decisions the one given."""
        part = self._part
        new = [one for one in decisions if one not in part.decisions]
        if len(new) == 1 and new[0].from_step >= part.step and decisions[-1] == new[0]:
            [one] = new
            part.change_stage(one.stage, one.from_step, reason=one.reason, metrics=one.metrics, hold=one.hold)
        elif decisions != part.decisions:
            part.move_to(part.step, decisions)
