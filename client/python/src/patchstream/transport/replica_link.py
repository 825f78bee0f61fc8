"""A session's stream to one replica, opened again whenever it ends."""

from collections.abc import Callable
from enum import Enum, auto
from time import monotonic
from typing import Protocol, TypeAlias

from ..errors import PatchstreamError
from ..run_info import Limits
from ..wire.channel import Channel
from ..wire.stream import (
    BatchArrived,
    BatchDamaged,
    BatchSkipped,
    Cancelled,
    Event,
    ExpectedBatch,
    Notice,
    Over,
    ReceivedBatch,
    StageApplied,
    Started,
    Stream,
    StreamEvents,
    broken_protocol,
)
from .asked_steps import AskedSteps, Want
from .fleet_standing import LinkStanding, ReplicaState
from .pace import Pace
from .patience import FIRST_CHEAP_RENEWAL_S, FIRST_RENEWAL_S
from .replica import Replica
from .retry import next_try
from .stage_timeline import StageChanged
from .worth import Worth

MOST_RENEWALS = 3
"""Streams opened anew after damage, in a row without a good batch in between."""
FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 0.4
REFUSED_S = 5.0
"""A replica that refuses the run is asked again after so long: another version may run there by then."""

OpenStream: TypeAlias = Callable[[Channel, StreamEvents], Stream]
"""Opens a stream of the session's run and share."""


class LinkOwner(Protocol):
    """The session of a link. A link calls it with the session's lock held."""

    def enter(self) -> "LinkOwner":
        """Takes the lock, for what a stream says on its own thread."""
        ...

    def leave(self) -> None:
        """Something has happened, the lock is given back: there may be more to ask, here or elsewhere."""
        ...

    def expected(self, stage: int) -> ExpectedBatch:
        """What a batch of a stage must look like."""
        ...

    def is_needed(self, want: Want) -> bool:
        """Whether a batch is (still) needed."""
        ...

    def arrived(self, want: Want, batch: ReceivedBatch, took_s: float) -> None:
        """A whole batch has come; `took_s` from being asked for, or from the batch before."""
        ...

    def damaged(self, want: Want) -> None:
        """A batch has come with other bytes than its checksum's."""
        ...

    def refused(self, error: PatchstreamError) -> None:
        """A replica takes no wants of this run for now: `error` says why."""
        ...


class Others(Enum):
    """Whether there are other replicas, and one that takes wants and is not silent."""

    NONE = auto()
    SILENT = auto()
    WELL = auto()


class _At(Enum):
    UP = auto()
    BACKING_OFF = auto()
    CLOSED = auto()


class _OneStream:
    """What one stream tells, while it is its link's."""

    def __init__(self, link: "ReplicaLink", owner: LinkOwner) -> None:
        self._link = link
        self._owner = owner

    def begins(self, step: int, stage: int) -> tuple[ExpectedBatch, bool]:
        self._owner.enter()
        try:
            return self._link.begins(self, step, stage)
        finally:
            self._owner.leave()

    def tell(self, event: Event) -> None:
        self._owner.enter()
        try:
            self._link.told(self, event)
        finally:
            self._owner.leave()


class ReplicaLink:
    """Knows what was asked of one replica. Every method is called with the session's lock held."""

    def __init__(self, replica: Replica, owner: LinkOwner, *, limits: Limits, open_stream: OpenStream) -> None:
        """A link that is not open yet."""
        self.replica = replica
        self.last_failure: PatchstreamError | None = None
        self._owner = owner
        self._limits = limits
        self._open_stream = open_stream
        self._at = _At.BACKING_OFF
        self._refused_at: float | None = None
        self._worth = Worth()
        self._reopens_at = float("-inf")
        self._failures = 0
        self._renewals = 0
        # How many times as long as the first time a silence may be: of a stream that is being opened, and of one that
        # owes batches.
        self._opening_doubled = 1
        self._doubled = 1
        self._forget_stream()

    def _forget_stream(self) -> None:
        self._stream: Stream | None = None
        self._events: _OneStream | None = None
        self._asked = AskedSteps()
        self._is_started = False
        self._is_draining = False
        self._reads_pace = False

    @property
    def is_refused(self) -> bool:
        """It has said that it does not serve the run, and nothing else since."""
        return self._refused_at is not None

    def refused_before(self, time: float) -> bool:
        """It has refused the run before that time, and was not asked again or has not answered yet."""
        return self._refused_at is not None and self._refused_at < time

    def ask_again(self) -> None:
        """Asks one that has refused again at the next look."""
        if self.is_refused and self._at is _At.BACKING_OFF:
            self._reopens_at = float("-inf")

    @property
    def is_closed(self) -> bool:
        """It asks for nothing any more."""
        return self._at is _At.CLOSED

    @property
    def outstanding(self) -> int:
        """Steps that it owes, or may owe."""
        return self._asked.outstanding

    @property
    def standing(self) -> LinkStanding:
        """How its replica does."""
        if self._stream is not None and self._is_started:
            self.replica.tally.heard(self._stream.last_heard)
        return LinkStanding(self.replica, self._state, self.outstanding, self._worth.seconds_per_byte)

    @property
    def _state(self) -> ReplicaState:
        if self.replica.is_retired or self._is_draining:
            return "leaving"
        if self.is_refused:
            return "refused"
        if self.last_failure is not None and (self._at is _At.BACKING_OFF or self._failures > 0):
            return "lost"
        if self.replica.tally.is_silent:
            return "silent"
        return "serving" if self._is_started else "opening"

    def silent_s(self, awake_since: float) -> float:
        """For how long nothing has come though something is owed, a batch or the answer to Start; 0 where nothing is.

        Counts from `awake_since` on.
        """
        if self._stream is None:
            return 0.0
        last_heard = self._stream.last_heard
        owed_since = self._asked.oldest_asked_at if self._is_started else last_heard
        return 0.0 if owed_since is None else monotonic() - max(owed_since, last_heard, awake_since)

    def open(self) -> None:
        """Opens a stream to it."""
        self._at = _At.UP
        self._forget_stream()
        self._events = events = _OneStream(self, self._owner)
        try:
            stream = self._open_stream(self.replica.channel, events)
        except PatchstreamError as error:
            self._lost(error)
            return
        if self._events is events:
            self._stream = stream

    def open_when_due(self, now: float) -> None:
        """Opens the next stream where the pause after a failure is over."""
        if self._at is _At.BACKING_OFF and now >= self._reopens_at:
            self.open()

    def has_room(self, byte_length: int) -> bool:
        """True when a want of that size may be sent: one is always allowed, more within the server's limits."""
        if not self.takes_wants:
            return False
        outstanding = self._asked.outstanding
        if outstanding == 0:
            return True
        fits = self._asked.outstanding_bytes + byte_length <= self._limits.max_outstanding_bytes
        return fits and outstanding < self._limits.max_outstanding_steps

    def candidate(self, byte_length: int) -> tuple[int, float | None]:
        """Bytes that it would owe with a want of that size, and seconds that it takes for one of them."""
        return self._asked.outstanding_bytes + byte_length, self._worth.seconds_per_byte

    def has_asked(self, step: int) -> bool:
        """Whether it owes the step."""
        return self._asked.has(step)

    def want(self, want: Want) -> None:
        """Asks for a batch; `has_room` said that it may be."""
        if self._stream is not None:
            self._asked.ask(want, monotonic())
            self._stream.want(want.step, 1, want.stage, want.traceparent)

    def take_back(self, step: int) -> None:
        """Takes a want back, where there is one that has not begun: its step has come from elsewhere."""
        if self._stream is not None and self._asked.take_back(step):
            self._stream.take_back(step, 1)

    def tell_pace(self, pace: Pace) -> None:
        """Says how fast the trainer goes, where the server reads it."""
        if self._stream is not None and self._reads_pace:
            self._stream.tell_pace(pace.step_us, pace.waited_us, pace.served_us)

    def report(self, decision: StageChanged) -> None:
        """Reports a decision; a link without a stream has nothing to take back."""
        if self._stream is None or not self.takes_wants:
            return
        self._stream.report(
            decision.stage,
            decision.from_step,
            reason=decision.reason,
            metrics=dict(decision.metrics),
            hold=decision.hold,
        )
        self._asked.report(decision, self._owner.is_needed)

    def renew_if_silent(self, awake_since: float, *, others: Others) -> None:
        """Gives the connection up for a new one after a long silence; the next silence may be twice as long."""
        is_opening = not self._is_started
        is_cheap = others is Others.WELL or (others is Others.SILENT and is_opening)
        first_s = FIRST_CHEAP_RENEWAL_S if is_cheap else FIRST_RENEWAL_S
        if self.silent_s(awake_since) <= first_s * (self._opening_doubled if is_opening else self._doubled):
            return
        if self.replica.is_retired:
            self.close()
            return
        if is_opening:
            self._opening_doubled *= 2
        else:
            self._doubled *= 2
        self._cancel_stream()
        self.replica.renew()
        self.open()

    def close(self) -> None:
        """Ends the stream."""
        self._at = _At.CLOSED
        self._cancel_stream()

    def begins(self, events: _OneStream, step: int, stage: int) -> tuple[ExpectedBatch, bool]:
        """A batch begins on a stream. Raises INTERNAL for one that was not wanted."""
        if events is not self._events:
            raise broken_protocol("the stream was given up")
        want = self._asked.began(step, stage)
        return self._owner.expected(stage), self._owner.is_needed(want)

    def told(self, events: _OneStream, event: Event) -> None:
        """Something has come on a stream; nothing counts of one that was given up."""
        if events is not self._events:
            return
        try:
            self._receive(event)
        except PatchstreamError as error:
            stream = self._stream
            self._lost(error)
            if stream is not None:
                stream.cancel()

    @property
    def takes_wants(self) -> bool:
        """The server has answered Start and has not said that it drains."""
        return self._is_started and not self._is_draining

    def _receive(self, event: Event) -> None:
        tally = self.replica.tally
        if not isinstance(event, Over):
            tally.heard(monotonic())
        match event:
            case Started(_, reads_pace):
                self._reads_pace = reads_pace
                self._is_started = True
                self._failures = 0
                self._opening_doubled = 1
                self._refused_at = None
            case BatchArrived(batch):
                tally.received(batch)
                want, took_s = self._ended(batch.step)
                self._owner.arrived(want, batch, took_s)
            case BatchSkipped(step):
                self._ended(step)
            case BatchDamaged(step):
                tally.damaged()
                want, _ = self._asked.ended(step, monotonic())
                self._owner.damaged(want)
            case StageApplied() | Cancelled():
                self._asked.confirmed(event)
            case Notice(code):
                self._is_draining = self._is_draining or code == "draining"
            case Over(error):
                reason = "the server ended the stream"
                ended = {"code": "UNAVAILABLE", "address": self.replica.address, "reason": reason}
                self._lost(error or PatchstreamError(ended))

    def _ended(self, step: int) -> tuple[Want, float]:
        self._renewals = 0
        self._doubled = 1
        self.replica.answered()
        want, took_s = self._asked.ended(step, monotonic())
        if self._asked.was_behind_another:
            self._worth.took(took_s, want.byte_length)
        return want, took_s

    def _lost(self, error: PatchstreamError) -> None:
        self.replica.tally.failed(str(error))
        self.replica.tally.failed_over(self.outstanding)
        self._forget_stream()
        self.last_failure = error
        self.replica.troubled()
        if self.replica.is_retired:
            self._at = _At.CLOSED
        elif next_try(error) == "later":
            pause_s = 0.0 if self._failures == 0 else FIRST_BACKOFF_S * 2 ** (self._failures - 1)
            self._failures += 1
            self._refused_at = None
            if error.code == "DEADLINE":
                self.replica.renew()  # No answer to OpenLane: the connection may be dead.
            self._reopen_after(min(LONGEST_BACKOFF_S, pause_s))
        elif self._renewals < MOST_RENEWALS:
            # Also for a refusal: it may answer what was damaged on its way to the server, or on a connection whose
            # headers were.
            self._renewals += 1
            self.replica.renew()
            self._reopen_after(0.0)
        else:
            self._refused_at = monotonic()
            self._reopen_after(REFUSED_S)
            self._owner.refused(error)

    def _reopen_after(self, pause_s: float) -> None:
        self._at = _At.BACKING_OFF
        self._reopens_at = monotonic() + pause_s

    def _cancel_stream(self) -> None:
        stream = self._stream
        self._forget_stream()
        if stream is not None:
            stream.cancel()
