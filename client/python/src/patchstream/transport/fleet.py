"""The replicas behind the addresses that a client was given, as they come and go."""

import re
import socket
from collections.abc import Callable, Sequence
from threading import Lock, Thread
from time import monotonic

from ..wire.channel import ChannelOptions
from ..wire.target import HostPort, ip_of, is_this_machine, parse_target, proxy_variable
from .replica import Replica

LOOK_UP_S = 10.0
"""A name is looked up again after so long,"""
LOOK_UP_SOON_S = 1.0
"""or so soon after the last time when one of its replicas is in trouble, or none was ever found."""
BY_NAME = ""
"""Stands for an IP address while none is known."""


class Fleet:
    """Has no thread of its own: whoever waits for something asks it now and then to look. From any thread."""

    def __init__(self, addresses: Sequence[str], options: ChannelOptions) -> None:
        """Looks up the names, all at once. Raises as `open_channel` does."""
        self._addresses = [_opened(address, options) for address in addresses]
        first = [one for one in self._addresses if isinstance(one, _Looked)]
        threads = [Thread(target=one.look_up, name="patchstream names", daemon=True) for one in first]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    @property
    def replicas(self) -> list[Replica]:
        """Those that there are now, in the order of their addresses."""
        return [replica for one in self._addresses for replica in one.replicas]

    def look(self) -> None:
        """Looks up, on a thread of its own, every name for which it is time."""
        for one in self._addresses:
            if isinstance(one, _Looked) and one.is_due():
                Thread(target=one.look_up, name="patchstream names", daemon=True).start()

    def close(self) -> None:
        """Ends every call."""
        for one in self._addresses:
            one.close()


class _Fixed:
    """Called as it stands."""

    def __init__(self, replica: Replica) -> None:
        self.replicas = [replica]

    def close(self) -> None:
        self.replicas[0].close()


class _Looked:
    """A name: a replica for each of its IP addresses.

    While it has never been found there is one that is called by the name itself, and says what is wrong with it. An
    answer without addresses changes nothing: the name server may be ill, and replicas that are gone show it themselves.
    """

    def __init__(self, target: HostPort, replica: Callable[[str | None], Replica]) -> None:
        self._target = target
        self._make = replica
        self._lock = Lock()
        self._replicas: dict[str, Replica] = {}
        self._is_looking = True
        self._is_closed = False
        self._looked_at = monotonic()

    @property
    def replicas(self) -> list[Replica]:
        return list(self._replicas.values())

    def is_due(self) -> bool:
        """True once when it is time; whoever is told so looks it up."""
        with self._lock:
            is_soon = BY_NAME in self._replicas or any(one.is_troubled for one in self._replicas.values())
            passed_s = monotonic() - self._looked_at
            is_due = not self._is_looking and passed_s >= (LOOK_UP_SOON_S if is_soon else LOOK_UP_S)
            self._is_looking = self._is_looking or is_due
            return is_due

    def look_up(self) -> None:
        """Takes as long as the system does."""
        found = _ips_of(self._target)
        with self._lock:
            self._is_looking = False
            self._looked_at = monotonic()
            if self._is_closed:
                return
            former = self._replicas
            if found:
                self._replicas = {ip: former.get(ip) or self._make(ip) for ip in found}
            elif not former:
                self._replicas = {BY_NAME: self._make(None)}
            gone = [one for ip, one in former.items() if ip not in self._replicas]
        for replica in gone:
            replica.retire()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        for replica in self.replicas:
            replica.close()


def _opened(address: str, options: ChannelOptions) -> _Fixed | _Looked:
    target = parse_target(address)
    # gRPC looks up what names its DNS server; through a proxy, the proxy looks up names.
    is_grpcs = re.match(r"dns://[^/]", address) is not None
    is_fixed = is_this_machine(target) or proxy_variable(target) is not None or is_grpcs
    if is_fixed or not isinstance(target, HostPort) or ip_of(target.host) is not None:
        return _Fixed(Replica(address, options))
    return _Looked(target, lambda ip: Replica(address, options, ip))


def _ips_of(target: HostPort) -> list[str]:
    """None where the system does not know the name just now."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(address[0]) for *_, address in found})
