"""One unary call, at one replica or several at once."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar

from ..errors import PatchstreamError
from ..wire.call_scope import CallScope
from ..wire.channel import Channel
from .fleet import Fleet
from .patience import FIRST_RENEWAL_S, MOST_TICK_S, TICK_S, Patience
from .replica import Replica
from .retry import next_try

Answer = TypeVar("Answer")

MOST_DAMAGES = 3
"""Damage is asked for again twice."""
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


@dataclass(slots=True, eq=False)
class _Running:
    """An attempt under way, on a thread of its own."""

    replica: Replica
    scope: CallScope
    heard_at: float
    longest_silence_s: float = 0.0

    def heard(self) -> None:
        now = monotonic()
        self.longest_silence_s = max(self.longest_silence_s, now - self.heard_at)
        self.heard_at = now


@dataclass(frozen=True, slots=True)
class _Ended(Generic[Answer]):
    """How an attempt ended: `answer` holds one entry, or `error` says why it holds none."""

    running: _Running
    answer: tuple[Answer] | None
    error: BaseException | None


class CallHistory:
    """What earlier calls to the same replicas have shown. Shared by calls on several threads."""

    def __init__(self) -> None:
        """No call was made yet."""
        self.has_answered = False
        """Some replica has answered some call."""
        self._patience: dict[str, Patience] = {}
        self._numbers = count(1)

    def patience(self, kind: str) -> Patience:
        """How long calls of a kind take."""
        return self._patience.setdefault(kind, Patience())

    def next_number(self) -> int:
        """Numbers every attempt, over all replicas."""
        return next(self._numbers)


class HedgedCall(Generic[Answer]):
    """Goes to the replica with the fewest calls, and not to one that was silent or failed lately.

    When nothing is heard for max(250 ms, 3 x recent) it goes elsewhere too. The first answer counts; the rest is
    cancelled.
    """

    def __init__(
        self,
        attempt: Callable[[Channel, CallScope], Answer],
        fleet: Fleet,
        *,
        history: CallHistory,
        kind: str,
        deadline_s: float,
    ) -> None:
        """A call that has not begun. `attempt` makes it at one server."""
        self._attempt = attempt
        self._fleet = fleet
        self._history = history
        self._patience = history.patience(kind)
        self._deadline_s = deadline_s
        self._ends_at = monotonic() + deadline_s
        self._ended: SimpleQueue[_Ended[Answer]] = SimpleQueue()
        self._running: list[_Running] = []
        # Those that failed since the last pause, and those that will not do better.
        self._failed: set[Replica] = set()
        self._refused: set[Replica] = set()
        self._failures: dict[Replica, PatchstreamError] = {}
        self._last: PatchstreamError | None = None
        self._damages = 0
        self._pause_s = FIRST_PAUSE_S
        self._paused_until: float | None = None
        self._renewal_s = FIRST_RENEWAL_S

    def answer(self) -> Answer:
        """The answer of any replica.

        Raises what says that no other attempt can help; what the last attempt said, or DEADLINE, when the deadline
        passes; UNAVAILABLE at once when no server was ever reached and none can be.
        """
        try:
            self._ask_next()
            while True:
                slept_at = monotonic()
                try:
                    ended = self._ended.get(timeout=TICK_S)
                except Empty:
                    self._tick(monotonic() - slept_at)
                    continue
                self._running.remove(ended.running)
                ended.running.replica.ended_call()
                if ended.answer is not None:
                    self._answered(ended.running)
                    return ended.answer[0]
                self._failed_at(ended.running.replica, ended.error)
        finally:
            for running in self._running:
                running.scope.cancel()
                running.replica.ended_call()

    def _ask_next(self) -> bool:
        """Asks the best of those that have not been asked or have not failed; False where there is none."""
        busy = {running.replica for running in self._running}
        free = [one for one in self._fleet.replicas if one not in busy | self._failed | self._refused]
        if not free:
            return False
        self._ask(min(free, key=lambda one: (one.is_troubled, *one.load)))
        return True

    def _ask(self, replica: Replica) -> None:
        now = monotonic()
        scope = CallScope(max(0.001, self._ends_at - now))
        running = _Running(replica, scope, now)
        scope.heard = running.heard
        replica.began_call(self._history.next_number())
        self._running.append(running)
        Thread(target=self._run, args=(running, replica.channel), name="patchstream call", daemon=True).start()

    def _run(self, running: _Running, channel: Channel) -> None:
        try:
            answer = self._attempt(channel, running.scope)
        except BaseException as error:  # It is raised again where the answer is waited for.
            self._ended.put(_Ended(running, None, error))
        else:
            self._ended.put(_Ended(running, (answer,), None))

    def _answered(self, running: _Running) -> None:
        running.heard()
        self._patience.took(running.longest_silence_s)
        running.replica.answered()
        self._history.has_answered = True

    def _failed_at(self, replica: Replica, error: BaseException | None) -> None:
        if not isinstance(error, PatchstreamError):
            raise error or AssertionError("an attempt ended without an answer and without an error")
        following = next_try(error)
        if following == "never":
            raise error
        if error.code != "DEADLINE":
            self._last = error
        self._failures[replica] = error
        replica.troubled()
        if following == "again":
            self._damaged_at(replica, error)
            return
        (self._refused if following == "elsewhere" else self._failed).add(replica)
        if not self._ask_next() and not self._running:
            self._all_failed(error)

    def _damaged_at(self, replica: Replica, error: PatchstreamError) -> None:
        self._damages += 1
        replica.renew()
        if self._damages >= MOST_DAMAGES:
            raise _damaged_at_last(error)
        if not self._running and not self._ask_next():
            self._ask(replica)

    def _all_failed(self, error: PatchstreamError) -> None:
        """All that may do better later are asked again after a pause."""
        replicas = self._fleet.replicas
        if all(replica in self._refused for replica in replicas):
            raise error
        if not self._history.has_answered and not any(replica.channel.was_reached for replica in replicas):
            raise self._none_reached(error)
        self._paused_until = monotonic() + self._pause_s
        self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)

    def _none_reached(self, last: PatchstreamError) -> PatchstreamError:
        """One line for all servers that could not be reached."""
        at: dict[str, list[str]] = {}
        replicas = self._fleet.replicas
        for replica in replicas:
            failure = self._failures.get(replica)
            if failure is not None and failure.code == "UNAVAILABLE":
                at.setdefault(str(failure.facts["reason"]), []).append(str(failure.facts["address"]))
        if len(replicas) == 1 or not at:
            return last
        reasons = list(at) if len(at) == 1 else [f"{reason} ({', '.join(where)})" for reason, where in at.items()]
        facts = {"code": "UNAVAILABLE", "address": self._addresses, "reason": "; ".join(reasons)}
        return PatchstreamError(facts, last.hint)

    @property
    def _addresses(self) -> str:
        return ", ".join(replica.address for replica in self._fleet.replicas)

    def _tick(self, slept_s: float) -> None:
        """Looks at silences: what is not heard of is asked elsewhere, or over a new connection."""
        self._fleet.look()
        now = monotonic()
        stood_still = slept_s > MOST_TICK_S
        if stood_still:
            self._ends_at += slept_s
        if now >= self._ends_at:
            raise self._last or self._late()
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
            self._failed.clear()
            self._ask_next()
        if stood_still:
            for running in self._running:  # What has come meanwhile has not been looked at.
                running.heard_at = now
        silence_s = min((now - running.heard_at for running in self._running), default=0.0)
        if silence_s <= self._patience.hedge_s:
            return
        for running in self._running:
            running.replica.troubled()
        if not self._ask_next() and silence_s > self._renewal_s:
            self._renewal_s *= 2
            silent = self._running[0].replica
            silent.renew()
            self._ask(silent)

    def _late(self) -> PatchstreamError:
        timeout_ms = round(1000 * self._deadline_s)
        waited_for = f"an answer of {self._addresses}"
        return PatchstreamError({"code": "DEADLINE", "waitedFor": waited_for, "timeoutMs": timeout_ms})


def _damaged_at_last(error: PatchstreamError) -> PatchstreamError:
    """A batch counts its own attempts."""
    if error.code != "BATCH_DAMAGED":
        return error
    return PatchstreamError({**error.facts, "attempts": MOST_DAMAGES}, error.hint)
