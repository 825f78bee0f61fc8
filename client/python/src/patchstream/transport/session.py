"""One rank's batches, in step order, from any of the replicas."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from time import monotonic

from ..errors import PatchstreamError
from ..run_info import RunInfo
from ..timeline import Timeline
from ..wire.stream import ExpectedBatch, ReceivedBatch
from .asked_steps import Want
from .decide_stage import RunProgress, StageProposal, change_stage
from .fleet import Fleet
from .fleet_standing import AwaitedBatch, SessionStanding
from .open_tracing import open_tracing
from .pace import TrainerPace
from .patience import MOST_TICK_S, TICK_S, Patience
from .replica_link import OpenStream, Others, ReplicaLink
from .share_of_run import expected_batches
from .stage_timeline import StageChanged, StageTimeline
from .wanted_steps import Credit, WantedStep, WantedSteps
from .worth import finish_times

MOST_ATTEMPTS = 3
"""A damaged batch is asked for again twice."""
LOOK_S = 1.0
"""How often who waits for a batch looks at the time."""


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """Which batches of a run are wanted, and how far ahead."""

    info: RunInfo
    timeline: Timeline
    rank: int
    steps: range
    credit: Credit
    stages: StageTimeline
    """The stage of each step. The session's alone while it is open."""
    deadline_s: float


class Session:
    """Wants steps ahead within the credit.

    Each is asked of the replica that would be the first to have sent all it owes, and again elsewhere when that one
    fails, falls silent or sends damage.

    Its state has one lock, which the streams' threads, its own thread (silences, pauses) and the caller's take in
    turn.
    """

    def __init__(self, request: SessionRequest, fleet: Fleet, open_stream: OpenStream) -> None:
        """Opens a stream to every replica, from its own thread."""
        self._request = request
        self._changed = Condition()
        self._wake: SimpleQueue[bool] = SimpleQueue()
        self._expected = expected_batches(request.info, request.timeline, request.rank)
        self._stages = request.stages
        self._steps: WantedSteps[ReceivedBatch] = WantedSteps(
            request.steps,
            request.credit,
            stage_of=self._stages.stage_of,
            bytes_of=lambda stage: self._expected(stage).byte_length,
        )
        self._patience = Patience()
        self._pace = TrainerPace(request.credit.batches)
        self._tracing = open_tracing()
        self._awake_since = monotonic()
        self._failure: PatchstreamError | None = None
        self._last_batch_at = float("-inf")
        """When the latest batch came; before the first, before all times."""
        self._waits_since: float | None = None
        """Since when `take` waits."""
        self._fleet = fleet
        self._open_stream = open_stream
        self._links: list[ReplicaLink] = []
        self._follow_fleet()
        self._thread = Thread(target=self._watch, name="patchstream session", daemon=True)
        self._thread.start()

    @property
    def first_undelivered(self) -> int:
        """The step that `take` hands out next."""
        with self._changed:
            return self._steps.first_undelivered

    @property
    def first_unwanted(self) -> int:
        """The first step that no server has been asked for."""
        with self._changed:
            return self._steps.first_unwanted

    def take(self) -> ReceivedBatch | None:
        """The batch of the first undelivered step, which counts as delivered from then on; None at the end.

        Raises DEADLINE after so much time in which the process ran, and what says that no replica will ever send it.
        """
        with self._changed:
            self._pace.asked()
            self._waits_since = monotonic()
            try:
                return self._take()
            finally:
                self._waits_since = None

    def _take(self) -> ReceivedBatch | None:
        left_s = self._request.deadline_s
        while not self._steps.is_over:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            batch = self._steps.deliver()
            if batch is not None:
                self._pace.got(batch.served_us)
                self._ask()
                return batch
            if left_s <= 0:
                raise self._late()
            waits_at = monotonic()
            self._changed.wait(min(left_s, LOOK_S))
            left_s -= min(monotonic() - waits_at, LOOK_S + MOST_TICK_S)
        return None

    @property
    def standing(self) -> SessionStanding:
        """How its replicas do, and which batch its caller waits for."""
        with self._changed:
            links = [link for link in self._links if not link.is_closed]
            return SessionStanding([link.standing for link in links], self._awaited(links))

    def _awaited(self, links: Sequence[ReplicaLink]) -> AwaitedBatch | None:
        wanted = self._steps.get(self._steps.first_undelivered)
        if self._waits_since is None or wanted is None:
            return None
        return AwaitedBatch(
            timeline=self._request.timeline,
            step=wanted.step,
            stage=wanted.stage,
            waited_s=monotonic() - self._waits_since,
            asked=tuple(link.replica.address for link in links if link.has_asked(wanted.step)),
        )

    def change_stage(self, proposal: StageProposal) -> StageChanged:
        """Decides a stage, at once, whatever the servers do.

        Steps from its first on are taken back from every replica and wanted again right behind the report, as far as
        the credit reaches at the new size. Wants name their stage, so that a replica that does not answer needs no
        report.
        """
        with self._changed:
            progress = RunProgress(self._steps.first_undelivered, self._steps.first_unwanted)
            timeline = self._request.timeline
            described = self._request.info.timeline(timeline)
            changed = change_stage(self._stages, proposal, progress, timeline=timeline, described=described)
            self._steps.restage()
            if changed.from_step < described.steps:
                for link in self._links:
                    link.report(changed)
            self._ask()
            self._changed.notify_all()
            return changed

    def close(self) -> None:
        """Ends every stream; who waits for a batch is told so."""
        self.close_soon()
        with self._changed:
            self._close()

    def close_soon(self) -> None:
        """The same on the session's own thread. Takes no lock, so that a finalizer may call it."""
        self._wake.put(False)

    def enter(self) -> "Session":
        """See `LinkOwner`."""
        self._changed.acquire()
        return self

    def leave(self) -> None:
        """See `LinkOwner`."""
        try:
            self._ask()
        finally:
            self._changed.release()

    def expected(self, stage: int) -> ExpectedBatch:
        """See `LinkOwner`."""
        return self._expected(stage)

    def is_needed(self, want: Want) -> bool:
        """See `LinkOwner`."""
        return self._needed_by(want) is not None

    def arrived(self, want: Want, batch: ReceivedBatch, took_s: float) -> None:
        """See `LinkOwner`."""
        wanted = self._needed_by(want)
        if wanted is None:
            return
        self._patience.took(took_s)
        span, wanted.span = wanted.span, None
        if span is not None:
            span.received(batch, damaged_times=wanted.damaged_times)
            batch = replace(batch, traceparent=span.traceparent)
        wanted.batch = batch
        self._last_batch_at = monotonic()
        for link in self._links:
            link.take_back(want.step)
        if want.step == self._steps.first_undelivered:
            self._changed.notify_all()

    def damaged(self, want: Want) -> None:
        """See `LinkOwner`."""
        wanted = self._needed_by(want)
        if wanted is None:
            return
        wanted.damaged_times += 1
        if wanted.damaged_times == MOST_ATTEMPTS:
            facts = {"code": "BATCH_DAMAGED", "step": want.step, "attempts": MOST_ATTEMPTS}
            self._fail(PatchstreamError(facts))

    def refused(self, error: PatchstreamError) -> None:
        """See `LinkOwner`.

        That no other replica serves the run either ends it, but for an upgrade of all replicas to another recipe, which
        may be taken back: then what was served before can be served again, and the deadline says for how long that is
        waited for. A refusal from before the latest batch does not count: what it was for may be mended since.
        """
        latest = self._last_batch_at
        is_upgrade = error.code == "RECIPE_UNKNOWN" and latest > float("-inf")
        refuse_still = all(link.is_refused and not link.refused_before(latest) for link in self._links)
        if not is_upgrade and refuse_still:
            self._fail(error)

    def _ask_refused_again(self) -> None:
        """When nobody takes wants, those that refused before the latest batch are asked again at once."""
        if any(link.takes_wants for link in self._links):
            return
        for link in self._links:
            if link.refused_before(self._last_batch_at):
                link.ask_again()

    def _follow_fleet(self) -> None:
        """Replicas may have come or gone.

        One that is gone from its name is left when it owes nothing, and not before another one takes wants. What a
        name says may be wrong, and a replica that works is better than one that does not.
        """
        known = {link.replica for link in self._links}
        limits = self._request.info.limits
        self._links += [
            ReplicaLink(replica, self, limits=limits, open_stream=self._open_stream)
            for replica in self._fleet.replicas
            if replica not in known
        ]
        is_served = any(link.takes_wants and not link.replica.is_retired for link in self._links)
        for link in self._links:
            if link.replica.is_retired and is_served and link.outstanding == 0:
                link.close()
        self._links = [link for link in self._links if not link.is_closed]

    def _needed_by(self, want: Want) -> WantedStep[ReceivedBatch] | None:
        wanted = self._steps.get(want.step)
        return wanted if wanted is not None and wanted.stage == want.stage and wanted.batch is None else None

    def _fail(self, error: PatchstreamError) -> None:
        self._failure = self._failure or error
        self._changed.notify_all()

    def _late(self) -> PatchstreamError:
        if self._links and all(link.is_refused for link in self._links):
            refusal = self._links[0].last_failure
            if refusal is not None:
                return refusal
        addresses = ", ".join(link.replica.address for link in self._links)
        failures = [str(link.last_failure) for link in self._links if link.last_failure is not None]
        hint = f"Last failure: {'; '.join(failures)}" if failures else None
        waited_for = f"step {self._steps.first_undelivered} of {addresses}"
        timeout_ms = round(1000 * self._request.deadline_s)
        return PatchstreamError({"code": "DEADLINE", "waitedFor": waited_for, "timeoutMs": timeout_ms}, hint)

    def _ask(self) -> None:
        """Asks for every step that nobody has been asked for, lowest first, as far as there is room."""
        if self._failure is not None:
            return  # Nothing more will be handed out.
        for wanted in self._steps.missing():
            if not any(link.has_asked(wanted.step) for link in self._links) and not self._ask_one(wanted):
                return

    def _ask_one(self, wanted: WantedStep[ReceivedBatch]) -> bool:
        """Asks the one that would be first to have sent all it owes, of those that have room and have not been asked.

        One that is heard of comes before one that is silent, and one that its name leads to before one that is gone.
        """
        size = self._expected(wanted.stage).byte_length
        usable = [link for link in self._links if link.has_room(size) and not link.has_asked(wanted.step)]
        if not usable:
            return False
        times = finish_times([link.candidate(size) for link in usable])
        ranks = [(self._is_silent(link), link.replica.is_retired) for link in usable]
        _, _, _, first = min((*rank, time, index) for index, (rank, time) in enumerate(zip(ranks, times, strict=True)))
        usable[first].want(Want(wanted.step, wanted.stage, size, self._traceparent(wanted)))
        return True

    def _traceparent(self, wanted: WantedStep[ReceivedBatch]) -> str | None:
        """Makes the server's spans children of the want's: one for a batch, also where several replicas are asked."""
        if self._tracing is None:
            return None
        if wanted.span is None:
            timeline, rank = self._request.timeline, self._request.rank
            wanted.span = self._tracing.want(timeline=timeline, rank=rank, step=wanted.step, stage=wanted.stage)
        return None if wanted.span is None else wanted.span.traceparent

    def _is_silent(self, link: ReplicaLink) -> bool:
        """A replica that owes batches, or that its stream opens, and has not been heard of for the hedge time."""
        return link.silent_s(self._awake_since) > self._patience.hedge_s

    def _watch(self) -> None:
        """The session's own thread: ticks until it is closed."""
        with self._changed:
            self._tick()
        goes_on = True
        while goes_on:
            slept_at = monotonic()
            with suppress(Empty):
                goes_on = self._wake.get(timeout=TICK_S)
            with self._changed:
                if monotonic() - slept_at > MOST_TICK_S:
                    self._awake_since = monotonic()
                if goes_on:
                    self._tick()
        with self._changed:
            self._close()

    def _tick(self) -> None:
        """Opens what is to be opened, and looks at silences.

        The wants of silent replicas go elsewhere too, in the end over a new connection.
        """
        self._fleet.look()
        self._follow_fleet()
        self._ask_refused_again()
        for link in self._links:
            link.open_when_due(monotonic())
        silent = [link for link in self._links if self._is_silent(link)]
        for link in silent:
            link.replica.troubled()
            link.replica.tally.fell_silent()
        if 0 < len(silent) < len(self._links):
            self._hedge(silent)
        is_served = any(link.takes_wants and link not in silent for link in self._links)
        others = Others.NONE if len(self._links) == 1 else Others.WELL if is_served else Others.SILENT
        for link in silent:
            link.renew_if_silent(self._awake_since, others=others)
        pace = self._pace.due()
        if pace is not None:
            for link in self._links:
                link.tell_pace(pace)
        self._ask()

    def _hedge(self, silent: Sequence[ReplicaLink]) -> None:
        for wanted in self._steps.missing():
            asked = [link for link in self._links if link.has_asked(wanted.step)]
            if not asked or not all(link in silent for link in asked):
                continue
            if not self._ask_one(wanted):
                return
            for link in asked:
                link.replica.tally.failed_over()

    def _close(self) -> None:
        addresses = ", ".join(link.replica.address for link in self._links)
        self._fail(PatchstreamError({"code": "UNAVAILABLE", "address": addresses, "reason": "the run was closed"}))
        for link in self._links:
            link.close()
        self._steps.drop()  # Not when the garbage collector comes by: that may be long after.
