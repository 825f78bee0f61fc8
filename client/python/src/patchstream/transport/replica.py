"""One data server, how it is reached, and how it did lately."""

import warnings
from threading import Lock
from time import monotonic

from ..errors import PatchstreamError
from ..wire.channel import Channel, ChannelOptions, open_channel, secret_files
from ..wire.file_marks import FileMarks
from .replica_tally import ReplicaTally

TROUBLE_S = 10.0
"""Trouble that is older is forgotten."""


class Replica:
    """Shared by unary calls and streams. All methods may be called from any thread."""

    def __init__(self, address: str, options: ChannelOptions, ip: str | None = None) -> None:
        """Opens the first channel, which connects when it is first used. Raises as `open_channel` does."""
        self._given = address
        self._ip = ip
        self._options = options
        self._lock = Lock()
        self._secrets = FileMarks(secret_files(options))
        self._channel = open_channel(address, options, ip=ip)
        self.address = self._channel.address
        self.tally = ReplicaTally()
        self.is_retired = False
        """Its name does not lead to it any more: what is under way goes on, nothing new is asked of it."""
        self._troubled_at = float("-inf")
        self._calls = 0
        self._last_asked = 0

    @property
    def channel(self) -> Channel:
        """The connection that is used now: a new one where the files of its certificates or its token are others."""
        with self._lock:
            secrets = self._secrets.changed()
            self._secrets = secrets or self._secrets
        if secrets is not None:
            self.renew()
        return self._channel

    @property
    def is_troubled(self) -> bool:
        """True when it was silent or failed lately, and has not answered since."""
        return monotonic() - self._troubled_at < TROUBLE_S

    @property
    def load(self) -> tuple[int, int]:
        """Unary calls that are under way, and the number of the one asked last: the smallest is asked first."""
        return self._calls, self._last_asked

    def began_call(self, number: int) -> None:
        """A unary call begins; numbers rise over all replicas."""
        with self._lock:
            self._calls += 1
            self._last_asked = number

    def ended_call(self) -> None:
        """A unary call has ended."""
        with self._lock:
            self._calls -= 1

    def troubled(self) -> None:
        """It was silent, or failed."""
        self._troubled_at = monotonic()

    def answered(self) -> None:
        """It did what was asked."""
        self._troubled_at = float("-inf")

    def renew(self) -> None:
        """Calls from now on go over a new connection.

        Damage may have left the old one with wrong headers or no answers at all.
        """
        with self._lock:
            if self.is_retired:
                return
            old = self._channel
            try:
                self._channel = open_channel(self._given, self._options, old.lanes, self._ip)
            except PatchstreamError as error:
                # Files of certificates cannot be read just now: the connection that was made with them goes on.
                warnings.warn(f"{self.address} is called as before: {error}", stacklevel=2)
                return
        old.give_up()

    def retire(self) -> None:
        """Its name does not lead to it any more. Calls that are under way go on."""
        with self._lock:
            self.is_retired = True
        self._channel.give_up()

    def close(self) -> None:
        """Ends every call."""
        self._channel.close()
