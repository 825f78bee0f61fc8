"""A loader for PyTorch: what `run.torch()` and `run.monai()` give."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, cast

import torch

from ..batch import Batch
from ..errors import refuse, refuse_request
from ..run import Run, RunState
from ..run_info import RunInfo
from ..transport.decide_stage import RunProgress, StageProposal
from ..transport.stage_timeline import StageChanged
from .memory import TorchMemory
from .own_stream import OwnStream
from .ranks import Rank, agree_on_stage, chosen_rank, is_distributed, with_first_step
from .source import BatchSource
from .worker_streams import WorkerStreams

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoaderOptions:
    """How a loader takes its batches. `Run.torch` says what each is."""

    rank: Literal["env"] | int | None = None
    ranks: int | None = None
    per_epoch: bool = False
    pin: bool | None = None
    num_workers: int = 0
    prefetch_factor: int = 2
    group: object = None


def open_loader(run: Run, converter: Callable[[Run], Callable[[Batch], T]], options: LoaderOptions) -> "PatchLoader[T]":
    """Takes `run` over, as the rank asked for.

    Raises REQUEST_INVALID for a rank that the run cannot have, SPEC_INVALID for a count below 0.
    """
    if options.num_workers < 0:
        raise refuse("num_workers", options.num_workers, "0 or more")
    chosen = chosen_rank(options.rank, options.ranks, Rank(run.rank, run.ranks))
    if chosen != Rank(run.rank, run.ranks):
        run.take_share(chosen.rank, chosen.ranks)
    pin = torch.cuda.is_available() if options.pin is None else options.pin
    convert = converter(run)
    source: BatchSource[T]
    if options.num_workers > 0:
        source = WorkerStreams(
            run, convert, workers=options.num_workers, prefetch_factor=options.prefetch_factor, pin=pin
        )
    else:
        if pin:
            run.receive_into(TorchMemory(pinned=True))
        source = OwnStream(run, convert)
    return PatchLoader(source, per_epoch=options.per_epoch, group=cast("ProcessGroup | None", options.group))


class PatchLoader(Generic[T]):
    """Iterates one rank's batches in step order, each exactly once, from `run.step` on.

    A pass goes to the end of the run, or with `per_epoch` to the end of the epoch that it begins in; the next one
    goes on behind it.
    """

    def __init__(self, source: BatchSource[T], *, per_epoch: bool, group: "ProcessGroup | None") -> None:
        """`open_loader` makes one."""
        self._source = source
        self._per_epoch = per_epoch
        self._group = group

    @property
    def run(self) -> Run:
        """What is loaded: its `step`, `rank`, `ranks`, `info`."""
        return self._source.run

    @property
    def info(self) -> RunInfo:
        """Of the run."""
        return self.run.info

    @property
    def step(self) -> int:
        """The step that is handed out next."""
        return self.run.step

    @property
    def epoch(self) -> int:
        """The epoch of `step`, from 0; at the end of the run the number of epochs."""
        if self.step >= self.run.steps:
            return len(self._first_steps)
        return bisect_right(self._first_steps, self.step) - 1

    @property
    def first_unwanted(self) -> int:
        """The first step not wanted yet: a stage from there on makes no bubble and throws nothing away."""
        return self._source.first_unwanted

    def __len__(self) -> int:
        """Batches of a whole pass. One that begins in the middle, as after `load_state_dict`, has fewer."""
        if not self._per_epoch:
            return self.run.steps
        epoch = min(self.epoch, len(self._first_steps) - 1)
        return self._end_of(epoch) - self._first_steps[epoch]

    def __iter__(self) -> Iterator[T]:
        """The batches of a pass, from `step` on."""
        if self.step < self.run.steps:
            yield from self._source.batches(self._end_of(self.epoch) if self._per_epoch else self.run.steps)

    def change_stage(
        self,
        stage: int | None,
        from_step: int | None = None,
        *,
        reason: str = "",
        metrics: Mapping[str, float] | None = None,
        hold: bool = False,
        immediate: bool = False,
    ) -> StageChanged | None:
        """Decides a stage, as `Run.change_stage`; `stage` None: no change.

        With several ranks it is a collective of `torch.distributed`: every rank calls it at the same point of its
        loop, what rank 0 says holds, and all change at the same step, by default the first that no rank has wanted.
        Without `torch.distributed`, `from_step` must be given, the same on every rank. Raises STEP_PASSED for a step
        that a rank has handed out, STAGE_UNKNOWN.
        """
        proposal = (
            None if stage is None else StageProposal(stage, from_step, reason, hold, immediate, dict(metrics or {}))
        )
        agreed = self._agreed(proposal)
        if agreed is None:
            return None
        return self.run.change_stage(
            agreed.stage, agreed.from_step, reason=agreed.reason, metrics=agreed.metrics, hold=agreed.hold
        )

    def state_dict(self) -> RunState:
        """One integer and the stage decisions.

        The same on every rank. Batches that were received ahead do not count.
        """
        return self.run.state_dict()

    def load_state_dict(self, state: RunState) -> None:
        """Goes on where `state_dict` was taken, also in the middle of an epoch.

        Raises REQUEST_INVALID for the state of another run.
        """
        self.run.load_state_dict(state)

    def close(self) -> None:
        """Ends streams and workers."""
        self._source.close()

    def __enter__(self) -> "PatchLoader[T]":
        """Closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """See `close`."""
        self.close()

    def _agreed(self, proposal: StageProposal | None) -> StageProposal | None:
        """With a first step."""
        progress = RunProgress(self.step, self.first_unwanted)
        if self.run.ranks > 1 and is_distributed():
            return agree_on_stage(proposal, progress, digest=self.info.digest, group=self._group)
        if proposal is None:
            return None
        if self.run.ranks > 1 and proposal.from_step is None:
            raise refuse_request(
                "from_step", None, "given where several ranks change the stage without torch.distributed"
            )
        return with_first_step(proposal, progress)

    @property
    def _first_steps(self) -> tuple[int, ...]:
        return self.info.timeline(self.run.timeline).epoch_first_steps

    def _end_of(self, epoch: int) -> int:
        """The step behind the last one of an epoch."""
        return self._first_steps[epoch + 1] if epoch + 1 < len(self._first_steps) else self.run.steps
