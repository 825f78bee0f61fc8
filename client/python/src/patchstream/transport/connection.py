"""The replicas of one data set: what calls and streams go over, in whichever process they are made."""

import os
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, TypeVar

from ..errors import PatchstreamError
from ..wire.batch_memory import BatchMemory
from ..wire.call_scope import CallScope
from ..wire.channel import Channel, ChannelOptions
from ..wire.open_stream import open_stream
from ..wire.stream import CarrierChoice, Stream, StreamEvents, StreamStart
from .fleet import Fleet
from .fleet_standing import FleetStanding, fleet_standing
from .hedged_call import CallHistory, HedgedCall
from .session import Session, SessionRequest

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the replicas are and how they are reached: all that another process needs to reach them too."""

    addresses: tuple[str, ...]
    channel: ChannelOptions
    carrier: CarrierChoice
    deadline_s: float


class Closeable(Protocol):
    """What ends with `close()`."""

    def close(self) -> None:
        """Ends it."""
        ...


class _Open:
    """What a connection has open in one process."""

    def __init__(self, reach: Reach) -> None:
        self.pid = os.getpid()
        self.fleet = Fleet(reach.addresses, reach.channel)
        self.history = CallHistory()
        self.memory = BatchMemory()
        self.sessions: weakref.WeakSet[Session] = weakref.WeakSet()


class Connection:
    """Lazy: channels are opened when they are first used.

    What a forked process has inherited is left alone there, and opened anew.
    """

    def __init__(self, reach: Reach) -> None:
        """Opens nothing."""
        self.reach = reach
        self._lock = Lock()
        self._open: _Open | None = None
        self._inherited: list[_Open] = []
        self._is_closed = False
        self._owned: list[Closeable] = []

    def own(self, owned: Closeable) -> None:
        """Keeps `owned` as long as this connection is kept, and closes it after the rest."""
        self._owned.append(owned)

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens its own."""
        return Connection, (self.reach,)

    def call(self, kind: str, attempt: Callable[[Channel, CallScope], Answer]) -> Answer:
        """The answer of any replica to a unary call.

        Calls of one kind take about as long as each other. Raises as `HedgedCall.answer`.
        """
        opened = self._opened()
        deadline_s = self.reach.deadline_s
        return HedgedCall(attempt, opened.fleet, history=opened.history, kind=kind, deadline_s=deadline_s).answer()

    def session(self, request: SessionRequest, memory: BatchMemory | None = None) -> Session:
        """Streams of one run to every replica. `memory`: what is received into; default: what all sessions share."""
        opened = self._opened()
        into = opened.memory if memory is None else memory
        info = request.info
        start = StreamStart(info.spec_bytes, info.digest, request.timeline, request.rank, info.ranks)
        carrier = self.reach.carrier

        def open_to(channel: Channel, events: StreamEvents) -> Stream:
            return open_stream(channel, start, events, carrier=carrier, memory=into)

        session = Session(request, opened.fleet, open_to)
        with self._lock:
            opened.sessions.add(session)
        return session

    def fleet(self) -> FleetStanding:
        """How the replicas do. Asks none of them."""
        opened = self._opened()
        with self._lock:
            sessions = list(opened.sessions)
        return fleet_standing(opened.fleet.replicas, [session.standing for session in sessions])

    @property
    def memory(self) -> BatchMemory:
        """Where batches are received."""
        return self._opened().memory

    def close(self) -> None:
        """Ends every session and every call, and what it owns."""
        with self._lock:
            opened, self._open = self._open, None
            self._is_closed = True
        if opened is not None and opened.pid == os.getpid():
            for session in list(opened.sessions):
                session.close()
            opened.fleet.close()
        while self._owned:
            self._owned.pop().close()

    def _opened(self) -> _Open:
        if self._open is not None and self._open.pid != os.getpid():
            # Threads do not survive a fork: neither do the channels that need them, and who may hold the lock.
            self._inherited.append(self._open)
            self._open = None
            self._lock = Lock()
        with self._lock:
            if self._is_closed:
                addresses = ", ".join(self.reach.addresses)
                reason = "the connection was closed"
                raise PatchstreamError({"code": "UNAVAILABLE", "address": addresses, "reason": reason})
            if self._open is None:
                self._open = _Open(self.reach)
            return self._open
