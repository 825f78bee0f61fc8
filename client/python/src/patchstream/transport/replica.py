"""One data server, how it is reached, and how it did lately."""

from collections.abc import Callable
from threading import Lock
from time import monotonic

from ..errors import PatchstreamError
from ..wire.channel import Channel

TROUBLE_S = 10.0
"""Trouble that is older is forgotten."""


class Replica:
    """Shared by unary calls and streams. All methods may be called from any thread."""

    def __init__(self, open_channel: Callable[[], Channel]) -> None:
        """Opens the first channel, which connects when it is first used."""
        self._open = open_channel
        self._lock = Lock()
        self._channel = open_channel()
        self._troubled_at = float("-inf")
        self.address = self._channel.address
        self.calls = 0
        """Unary calls that are under way."""
        self.last_asked = 0
        """Rises with every unary call that any replica is asked: who was asked longest ago is asked first."""

    @property
    def channel(self) -> Channel:
        """The connection that is used now."""
        return self._channel

    @property
    def is_troubled(self) -> bool:
        """True when it was silent or failed lately, and has not answered since."""
        return monotonic() - self._troubled_at < TROUBLE_S

    def troubled(self) -> None:
        """It was silent, or failed."""
        self._troubled_at = monotonic()

    def answered(self) -> None:
        """It did what was asked."""
        self._troubled_at = float("-inf")

    def renew(self) -> None:
        """Calls from now on go over a new connection: damage may have left the old one with wrong headers or no answers at all."""
        with self._lock:
            old = self._channel
            try:
                self._channel = self._open()
            except PatchstreamError:
                return  # Files of certificates cannot be read just now: the connection that was made with them goes on.
        old.give_up()

    def close(self) -> None:
        """Ends every call."""
        self._channel.close()
