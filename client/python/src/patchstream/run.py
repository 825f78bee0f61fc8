"""One rank's batches of one run."""

import os
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from .batch import Batch
from .errors import PatchstreamError, refuse_request
from .given import integer, whole
from .run_info import RunInfo, RunStage
from .timeline import Timeline
from .transport.connection import Connection
from .transport.decide_stage import RunProgress, StageProposal, change_stage, check_stage
from .transport.describe import describe_run
from .transport.schedule_of_run import schedule_of_run
from .transport.session import Session, SessionRequest
from .transport.share_of_run import check_rank, loss_weights
from .transport.stage_timeline import StageChanged, StageDecision, StageTimeline
from .transport.wanted_steps import Credit
from .wire.batch_memory import BatchMemory
from .wire.stream import ReceivedBatch

if TYPE_CHECKING:
    from .client import DataClient
    from .torch import PatchLoader, TorchBatch


class DecisionState(TypedDict):
    """A stage decision as JSON holds it."""

    stage: int
    from_step: int
    reason: str
    hold: bool


class RunState(TypedDict):
    """How far a run is, as JSON holds it: what a checkpoint keeps of it."""

    step: int
    decisions: list[DecisionState]
    digest: str


@dataclass(frozen=True, slots=True)
class RunShare:
    """Which share of which timeline, and how far ahead batches are wanted."""

    timeline: Timeline
    rank: int
    credit: Credit
    every: int = 1
    """Only every so manyth step from the first one on is handed out.

    A part of the run, whose other parts others have.
    """


class _InProcess:
    """What a run has in one process. Threads do not survive a fork, nor do the streams and locks that need them."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.turn = RLock()
        """Held by the thread that takes a batch. May be taken before `state`, not after."""
        self.state = RLock()
        """Held while the run's position, stages or session change; nobody waits for servers meanwhile."""
        self.session: Session | None = None
        self.forgotten: weakref.finalize[..., Run] | None = None
        """Ends the session of a run that nobody holds any more."""


class Run:
    """Batches in step order from `step` on, each exactly once, across reconnects and replicas.

    All methods may be called from any thread; several that iterate share the steps.

    `for batch in run` goes on where the last one ended. Streams are opened when the first batch is asked for, in the
    process that asks: a run can be pickled and inherited by a forked process, which then opens its own.
    """

    def __init__(
        self, connection: Connection, info: RunInfo, share: RunShare, *, step: int, decisions: Iterable[StageDecision]
    ) -> None:
        """Raises STEP_UNKNOWN for a step past the end, STAGE_UNKNOWN, LIMIT_EXCEEDED for too many decisions."""
        self.info = info
        self._connection = connection
        self._share = share
        self._loss_weights = loss_weights(info, share.timeline, share.rank)
        self._stages = self._stages_by(decisions)
        self._process = _InProcess()
        self._inherited: list[_InProcess] = []
        self._memory: BatchMemory | None = None
        self._step = self._checked(step)

    def __reduce__(self) -> tuple[object, ...]:
        """What another process needs to open the same run at the same step."""
        return _restored, (self._connection, self.info, self._share, self._step, self._stages.decisions)

    @property
    def client(self) -> "DataClient":
        """The servers that this is a run of."""
        from .client import DataClient

        return DataClient(self._connection)

    @property
    def timeline(self) -> Timeline:
        """`train` or `val`."""
        return self._share.timeline

    @property
    def rank(self) -> int:
        """Which samples of each batch these are: the samples j with j mod ranks = rank."""
        return self._share.rank

    @property
    def ranks(self) -> int:
        """How many share every batch."""
        return self.info.ranks

    @property
    def steps(self) -> int:
        """How many steps the timeline has; they are numbered from 0."""
        return self.info.timeline(self.timeline).steps

    @property
    def stages(self) -> tuple[RunStage, ...]:
        """The timeline's stages, ascending."""
        return self.info.timeline(self.timeline).stages

    @property
    def step(self) -> int:
        """The step that is handed out next; `steps` or more at the end."""
        return self._step

    @property
    def first_unwanted(self) -> int:
        """The first step not wanted yet: a stage from there on makes no bubble and throws nothing away."""
        with self._here.state:
            session = self._here.session
            return self._step if session is None else session.first_unwanted

    @property
    def decisions(self) -> tuple[StageDecision, ...]:
        """The stage decisions that still matter, ascending in `from_step`."""
        return self._stages.decisions

    def stage_of(self, step: int) -> int:
        """The stage of a step, as decisions and schedule are now."""
        return self._stages.stage_of(step)

    def __iter__(self) -> "Run":
        """Goes on at `step`."""
        return self

    def __next__(self) -> Batch:
        """The batch of `step`. Raises DEADLINE naming what was waited for, and what says that no replica will ever send
        it.
        """
        asked_at = perf_counter()
        with self._here.turn:
            received = self._received()
            if received is None:
                self.close()
                raise StopIteration
            batch = Batch(
                received,
                timeline=self.timeline,
                loss_weight=self._loss_weights[received.stage],
                channels_last=self.info.channels_last,
                waited_ms=1e3 * (perf_counter() - asked_at),
            )
            with self._here.state:
                if self._step == received.step:  # Else another thread has moved the run meanwhile.
                    self._step += self._share.every
            return batch

    def _received(self) -> ReceivedBatch | None:
        """The next batch; None at the end."""
        if self._step >= self.steps:
            return None
        try:
            return self._opened().take()
        except PatchstreamError as error:
            if error.code != "DEADLINE":
                self.close()
            raise

    def change_stage(
        self,
        stage: int,
        from_step: int | None = None,
        *,
        reason: str = "",
        metrics: Mapping[str, float] | None = None,
        hold: bool = False,
        immediate: bool = False,
    ) -> StageChanged:
        """Decides a stage from a step on.

        By default that is the first step not wanted yet, with `immediate` the first one not handed out yet. Without
        `hold` the schedule goes on where it reaches a later stage. Returns at once, whatever the servers do: who does
        not answer learns it from what is wanted. Raises STEP_PASSED for a step that was handed out, STAGE_UNKNOWN.
        """
        proposal = StageProposal(stage, from_step, reason, hold, immediate, metrics or {})
        with self._here.state:
            session = self._here.session
            if session is not None:
                return session.change_stage(proposal)
            described = self.info.timeline(self.timeline)
            progress = RunProgress(self._step, self._step)
            return change_stage(self._stages, proposal, progress, timeline=self.timeline, described=described)

    def state_dict(self) -> RunState:
        """One integer and the stage decisions: the run goes on from there, on any machine, with the same batches."""
        decisions: list[DecisionState] = [
            {"stage": one.stage, "from_step": one.from_step, "reason": one.reason, "hold": one.hold}
            for one in self.decisions
        ]
        return {"step": self._step, "decisions": decisions, "digest": self.info.digest}

    def load_state_dict(self, state: RunState) -> None:
        """Goes on where `state_dict` was taken. Raises REQUEST_INVALID for the state of another run, STEP_UNKNOWN."""
        missing = [name for name in ("step", "decisions", "digest") if name not in state]
        if missing:
            raise refuse_request("state", list(state), f"what state_dict() gave: it has no {', '.join(missing)}")
        if state["digest"] != self.info.digest:
            want = f"{self.info.digest}, the digest of this run: data set, spec and recipe must be those it began with"
            raise refuse_request("digest", state["digest"], want)
        self.move_to(state["step"], map(decision_from, state["decisions"]))

    def move_to(self, step: int, decisions: Iterable[StageDecision]) -> None:
        """Goes on at a step, over the decisions given. Raises STEP_UNKNOWN."""
        checked = self._checked(step)
        stages = self._stages_by(decisions)
        with self._here.state:
            self.close()
            self._step, self._stages = checked, stages

    def take_share(self, rank: int, ranks: int) -> None:
        """Goes on as another rank, at the same step over the same decisions.

        Raises REQUEST_INVALID where some rank would get no sample of some batch.
        """
        count = whole("ranks", ranks, 1)
        mine = whole("rank", rank, 0, count - 1)
        attempt = partial(describe_run, spec=self.info.spec_bytes, ranks=count)
        info = self._connection.call("describe_run", attempt)
        check_rank(info, mine, count)
        with self._here.state:
            self.close()
            self.info, self._share = info, replace(self._share, rank=mine)
            self._loss_weights = loss_weights(info, self.timeline, mine)

    def on(self, timeline: Timeline) -> "Run":
        """The other timeline's run of the same rank, from its first step on; as many may be open as are needed."""
        return Run(self._connection, self.info, replace(self._share, timeline=timeline), step=0, decisions=())

    def receive_into(self, memory: BatchMemory) -> None:
        """Batches are received into `memory` from here on.

        Without this, into memory that the connection's runs share.
        """
        with self._here.state:
            self.close()
            self._memory = memory

    def torch(
        self,
        rank: Literal["env"] | int | None = None,
        ranks: int | None = None,
        *,
        per_epoch: bool = False,
        label_channel: bool = False,
        pin: bool | None = None,
        num_workers: int = 0,
        prefetch_factor: int = 2,
        group: object = None,
    ) -> "PatchLoader[TorchBatch]":
        """A loader for PyTorch, which takes this run over: its tensors are made without a copy.

        - `rank`, `ranks`: which share of every batch; `env` reads `RANK` and `WORLD_SIZE`, as torchrun sets them.
          Default: the run's own.
        - `per_epoch`: a pass over the loader ends with an epoch of the run, and the next one goes on behind it; else
          it goes to the end.
        - `label_channel`: labels are (B,1,Z,Y,X), as nnU-Net's and MONAI's losses take them.
        - `pin`: receive into pinned memory. Default: where CUDA is.
        - `num_workers`: processes that receive, each its own steps, `prefetch_factor` batches ahead. Default 0: a
          thread of this process receives, which costs least.
        - `group`: the `torch.distributed.ProcessGroup` whose ranks agree on stages; default: all.

        Raises REQUEST_INVALID for a rank that the run cannot have, ModuleNotFoundError without PyTorch.
        """
        from .torch import LoaderOptions, open_loader, to_torch

        options = LoaderOptions(rank, ranks, per_epoch, pin, num_workers, prefetch_factor, group)
        return open_loader(self, lambda run: to_torch(run, label_channel=label_channel), options)

    def monai(
        self,
        rank: Literal["env"] | int | None = None,
        ranks: int | None = None,
        *,
        per_epoch: bool = False,
        pin: bool | None = None,
        num_workers: int = 0,
        prefetch_factor: int = 2,
        group: object = None,
    ) -> "PatchLoader[dict[str, Any]]":
        """A loader for MONAI: dictionaries of MetaTensors with affine and case of each sample.

        The rest is as in `torch`.

        `image` (B,C,Z,Y,X) and `label` (B,1,Z,Y,X), with deep supervision `label_1` and so on; `step`, `stage`,
        `loss_weight`, and `traceparent` where it is traced.
        """
        from .torch import LoaderOptions, open_loader, to_monai

        options = LoaderOptions(rank, ranks, per_epoch, pin, num_workers, prefetch_factor, group)
        return open_loader(self, to_monai, options)

    def part(self, index: int, count: int) -> "Run":
        """A run of its own through every `count`th step from `step` + `index` on.

        The parts 0 to `count` - 1 are the whole, each step once, and share its credit.
        """
        whole("index", index, 0, whole("count", count, 1) - 1)
        credit = Credit(max(1, self._share.credit.batches // count), self._share.credit.bytes // count)
        share = replace(self._share, every=self._share.every * count, credit=credit)
        step = self._step + index * self._share.every
        return _restored(self._connection, self.info, share, step, self.decisions)

    def close(self) -> None:
        """Ends the streams and frees what they hold. Iterating again opens new ones, at `step`."""
        here = self._here
        with here.state:
            session, here.session = here.session, None
            forgotten, here.forgotten = here.forgotten, None
            if session is not None:
                session.close()
            if forgotten is not None:
                forgotten.detach()  # It would hold the session for as long as the run lives.

    def __enter__(self) -> "Run":
        """Closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """See `close`."""
        self.close()

    @property
    def _here(self) -> _InProcess:
        """A forked process leaves what it has inherited alone."""
        if self._process.pid != os.getpid():
            self._inherited.append(self._process)
            self._process = _InProcess()
        return self._process

    def _opened(self) -> Session:
        here = self._here
        with here.state:
            if here.session is not None and here.session.first_undelivered != self._step:
                # An exception such as KeyboardInterrupt has taken a batch on its way to the caller.
                self.close()
            if here.session is None:
                request = SessionRequest(
                    info=self.info,
                    timeline=self.timeline,
                    rank=self.rank,
                    steps=range(self._step, self.steps, self._share.every),
                    credit=self._share.credit,
                    stages=self._stages,
                    deadline_s=self._connection.reach.deadline_s,
                )
                here.session = self._connection.session(request, self._memory)
                here.forgotten = weakref.finalize(self, here.session.close_soon)
            return here.session

    def _checked(self, step: int) -> int:
        number = integer("step", step)
        if not 0 <= number <= self.steps:
            facts = {"code": "STEP_UNKNOWN", "timeline": self.timeline, "step": number, "steps": self.steps}
            raise PatchstreamError(facts)
        return number

    def _stages_by(self, decisions: Iterable[StageDecision]) -> StageTimeline:
        stages = StageTimeline(schedule_of_run(self.info, self.timeline))
        for decision in decisions:
            check_stage(self.info.timeline(self.timeline), decision.stage, self.timeline)
            stages.add(decision)
        return stages


def _restored(
    connection: Connection, info: RunInfo, share: RunShare, step: int, decisions: Iterable[StageDecision]
) -> Run:
    steps = info.timeline(share.timeline).steps
    return Run(connection, info, share, step=min(step, steps), decisions=decisions)


def decision_from(state: StageDecision | Mapping[str, object]) -> StageDecision:
    """A decision, or what `state_dict` holds of one. Raises REQUEST_INVALID for anything else."""
    if isinstance(state, StageDecision):
        return state
    match dict(state):
        case {"stage": int(stage), "from_step": int(from_step), **rest}:
            return StageDecision(stage, from_step, str(rest.get("reason", "")), bool(rest.get("hold", False)))
        case _:
            raise refuse_request("decisions", dict(state), "stage, from_step, reason and hold of each")
