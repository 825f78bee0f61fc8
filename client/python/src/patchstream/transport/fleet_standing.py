"""How the replicas of a client do, from what all of its streams know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..timeline import Timeline
from .replica import Replica

ReplicaState: TypeAlias = Literal["idle", "opening", "serving", "leaving", "silent", "lost", "refused"]
"""How a replica is to the streams of a client.

- idle: nothing is asked of it.
- opening: its stream is being opened.
- serving: it is asked for batches.
- leaving: it ends, or its name does not lead to it any more.
- silent: it owes something and has not been heard of for longer than that should take: others are asked for the same.
- lost: its stream was lost and is opened again.
- refused: it says that it does not serve the run.
"""

WORST_FIRST: Sequence[ReplicaState] = ("refused", "lost", "silent", "leaving", "opening", "serving")
"""Of several streams to one replica the first of these counts."""


@dataclass(frozen=True, slots=True)
class ReplicaStanding:
    """How one replica does, as the client sees it since it was opened."""

    address: str
    state: ReplicaState
    heard_s: float | None
    """Since anything came from it on a stream; None where nothing has."""
    batches: int
    """That came from it whole on streams."""
    bytes: int
    """Theirs."""
    shared_batches: int
    """Those of them that were cut for another client, too."""
    damaged_batches: int
    """Whose bytes were not those of their checksum. They were asked for again."""
    failovers: int
    """Batches that were asked of others since it was silent, or its stream was lost."""
    owed: int
    """Batches that it owes."""
    bytes_per_second: float | None
    """What it is worth while it owes more. None where it was not measured lately."""
    served_s: float | None
    """Of its own time for a batch, mean of the last ones. None where it does not say."""
    failure: str | None
    """What its stream was lost by last, or why it refuses."""
    failure_s: float | None
    """Since then."""


@dataclass(frozen=True, slots=True)
class AwaitedBatch:
    """A batch that is waited for."""

    timeline: Timeline
    step: int
    stage: int
    waited_s: float
    """Since it was asked for."""
    asked: tuple[str, ...]
    """Addresses of the replicas that owe it; none where no replica takes wants."""


@dataclass(frozen=True, slots=True)
class FleetStanding:
    """How all replicas do."""

    replicas: tuple[ReplicaStanding, ...]
    awaited: AwaitedBatch | None
    """None where no run waits."""


@dataclass(frozen=True, slots=True)
class LinkStanding:
    """What a stream of a run knows of a replica now."""

    replica: Replica
    state: ReplicaState
    owed: int
    seconds_per_byte: float | None


@dataclass(frozen=True, slots=True)
class SessionStanding:
    """What a run knows now."""

    links: Sequence[LinkStanding]
    awaited: AwaitedBatch | None
    """Where its caller waits."""


def fleet_standing(replicas: Sequence[Replica], sessions: Sequence[SessionStanding]) -> FleetStanding:
    """How `replicas` do. The batch that was waited for longest is the awaited one."""
    links = [link for session in sessions for link in session.links]
    awaited = [session.awaited for session in sessions if session.awaited is not None]
    return FleetStanding(
        replicas=tuple(_standing(one, [link for link in links if link.replica is one]) for one in replicas),
        awaited=max(awaited, key=lambda one: one.waited_s, default=None),
    )


def _standing(replica: Replica, links: Sequence[LinkStanding]) -> ReplicaStanding:
    tally = replica.tally
    measured = [link.seconds_per_byte for link in links if link.seconds_per_byte]
    failure, failure_s = tally.failure or (None, None)
    states: list[ReplicaState] = [state for state in WORST_FIRST if any(link.state == state for link in links)]
    return ReplicaStanding(
        address=replica.address,
        state=states[0] if states else "idle",
        heard_s=tally.heard_s,
        batches=tally.batches,
        bytes=tally.bytes,
        shared_batches=tally.shared_batches,
        damaged_batches=tally.damaged_batches,
        failovers=tally.failovers,
        owed=sum(link.owed for link in links),
        bytes_per_second=1 / measured[0] if measured else None,
        served_s=tally.served_s,
        failure=failure,
        failure_s=failure_s,
    )
