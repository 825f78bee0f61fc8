"""How the data servers do, told once a second in the terms of the wire's `Fleet`."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from patchstream.client import DataClient
from patchstream.errors import PatchstreamError
from patchstream.transport.fleet_standing import AwaitedBatch, FleetStanding, ReplicaStanding

TELL_S = 1.0
MOST_MS = 2**32 - 1


@contextmanager
def telling_fleet(client: DataClient, tell: Callable[[Mapping[str, Any]], None]) -> Generator[None]:
    """Tells, from a thread of its own, until the block ends."""
    is_over = Event()

    def look() -> None:
        while not is_over.wait(TELL_S):
            try:
                fleet = client.fleet()
            except PatchstreamError:
                return  # It was closed.
            tell(_fleet_fields(fleet))

    thread = Thread(target=look, name="patchstream fleet", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def whole_ms(seconds: float) -> int:
    """Milliseconds as the wire has them."""
    return min(MOST_MS, max(0, round(1e3 * seconds)))


def _fleet_fields(fleet: FleetStanding) -> Mapping[str, Any]:
    return {
        "replicas": [_replica_fields(replica) for replica in fleet.replicas],
        "awaited": None if fleet.awaited is None else _awaited_fields(fleet.awaited),
    }


def _replica_fields(replica: ReplicaStanding) -> Mapping[str, Any]:
    return {
        "address": replica.address,
        "state": f"REPLICA_STATE_{replica.state.upper()}",
        "heardMs": None if replica.heard_s is None else whole_ms(replica.heard_s),
        "batches": replica.batches,
        "bytes": replica.bytes,
        "sharedBatches": replica.shared_batches,
        "damagedBatches": replica.damaged_batches,
        "failovers": replica.failovers,
        "owed": replica.owed,
        "bytesPerSecond": replica.bytes_per_second,
        "servedMs": None if replica.served_s is None else 1e3 * replica.served_s,
        "failure": replica.failure,
        "failureAgeMs": None if replica.failure_s is None else whole_ms(replica.failure_s),
    }


def _awaited_fields(awaited: AwaitedBatch) -> Mapping[str, Any]:
    return {
        "timeline": f"TIMELINE_{awaited.timeline.upper()}",
        "step": awaited.step,
        "stage": awaited.stage,
        "waitedMs": whole_ms(awaited.waited_s),
        "asked": list(awaited.asked),
    }
