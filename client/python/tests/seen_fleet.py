"""What a client says of its replicas, looked at until it is as it should be."""

import time
from collections.abc import Callable

from patchstream import DataClient, FleetStanding, ReplicaStanding
from tests.serving import Server


def seen(client: DataClient, is_so: Callable[[FleetStanding], bool]) -> FleetStanding:
    """Looks until what is seen is as it should be."""
    until = time.monotonic() + 60
    while not is_so(fleet := client.fleet()):
        assert time.monotonic() < until, fleet
        time.sleep(0.01)
    return fleet


def of(fleet: FleetStanding, server: Server) -> ReplicaStanding:
    (found,) = [one for one in fleet.replicas if one.address == server.address]
    return found
