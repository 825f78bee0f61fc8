"""The connection of a lane: bytes to where they belong, messages to send between them, and heartbeats both ways.

One thread reads and writes: a connection over TLS must not be read and written at the same time.
"""

import selectors
import socket
import ssl
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from .call_scope import CallScope
from .lane_frame import END, HEARTBEAT, framed
from .outgoing import Outgoing

SILENT_HEARTBEATS = 3
"""A server that has been silent for as many is gone."""
ACCEPT_S = 5.0
"""From the connection to the ticket being taken: two ways there and back."""
STALL_S = 0.1
"""For how long a read may wait for more of what has begun before messages to send are looked at."""

_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class LaneLostError(Exception):
    """The connection is gone, in plain words."""


class LaneSocket:
    """Owns a connection. All methods but `wake` are for the stream's thread."""

    def __init__(self, connection: socket.socket, outgoing: Outgoing, scope: CallScope) -> None:
        """What `outgoing` has is sent from `open` on."""
        self._connection = connection
        self._outgoing = outgoing
        self._scope = scope
        self.is_plain = sys.platform == "linux" and not isinstance(connection, ssl.SSLSocket)
        """`read_all` is there."""
        self._is_open = False
        self._heartbeat_s = float("inf")
        self._silence_s = ACCEPT_S
        self._unsent = b""
        self._sent_at = self.heard_at = monotonic()
        """When the last bytes came."""
        self._woken, self._waker = socket.socketpair()
        for one in (self._woken, self._waker):
            one.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._selector.register(connection, selectors.EVENT_READ)
        if self.is_plain:
            # A read that waits does so in the system, without a look at the interpreter for every piece that comes.
            connection.setblocking(True)
            stall = struct.pack("ll", 0, int(1e6 * STALL_S))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, stall)
            self._flags = socket.MSG_DONTWAIT
        else:
            connection.setblocking(False)
            self._flags = 0
        outgoing.on_added = self.wake

    def open(self, heartbeat_s: float) -> None:
        """The server has taken the ticket: what waits is sent, and both sides are heard of regularly."""
        self._is_open = True
        self._heartbeat_s = heartbeat_s
        self._silence_s = SILENT_HEARTBEATS * heartbeat_s

    def wake(self) -> None:
        """There is something to send, or the call was cancelled. Any thread may call it, also after `close`."""
        with suppress(OSError):  # So much waits already that no more fits, or it is closed.
            self._waker.send(b"\0")

    def close(self) -> None:
        """Says that nothing more will come, as far as that is possible at once, and closes the connection."""
        with suppress(OSError):
            self._connection.send(self._unsent + END, self._flags)
        self._selector.close()
        for one in (self._connection, self._woken, self._waker):
            one.close()

    def send(self, message: bytes) -> None:
        """Sends a message before all that waits."""
        self._unsent += framed(message)

    def read(self, target: memoryview) -> int:
        """Waits for bytes, and writes meanwhile; how many came. Raises `LaneLostError` and `CallCancelledError`."""
        while True:
            self._write()
            try:
                return self._heard(self._connection.recv_into(target, 0, self._flags))
            except _NOT_NOW:
                self._wait()
            except OSError as error:
                raise _lost(error) from error

    def read_all(self, targets: Sequence[memoryview]) -> int:
        """Fills one target after the other without a break, as far as bytes come steadily; how many came."""
        while True:
            self._write()
            try:
                return self._heard(self._connection.recvmsg_into(targets, 0, socket.MSG_WAITALL)[0])
            except BlockingIOError:
                self._check_silence()
            except OSError as error:
                raise _lost(error) from error

    def _heard(self, count: int) -> int:
        if count == 0:
            raise LaneLostError("the server closed the connection")
        self.heard_at = monotonic()
        return count

    def _write(self) -> None:
        self._scope.check()
        if self._is_open:
            waiting = self._outgoing.waiting
            while waiting:
                self._unsent += framed(waiting.popleft())
            if self._unsent == b"" and monotonic() - self._sent_at >= self._heartbeat_s:
                self._unsent = HEARTBEAT
        if self._unsent == b"":
            return
        try:
            self._unsent = self._unsent[self._connection.send(self._unsent, self._flags) :]
        except _NOT_NOW:
            return
        except OSError as error:
            raise _lost(error) from error
        self._sent_at = monotonic()

    def _wait(self) -> None:
        """Until bytes have come, there are some to write, or it is time for a heartbeat."""
        self._check_silence()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._connection, events)
        now = monotonic()
        until = min(self.heard_at + self._silence_s, self._sent_at + self._heartbeat_s)
        self._selector.select(None if until == float("inf") else max(0.0, until - now))
        with suppress(BlockingIOError):
            self._woken.recv(4096)

    def _check_silence(self) -> None:
        if monotonic() - self.heard_at >= self._silence_s:
            raise LaneLostError("nothing was heard of the server")


def _lost(error: OSError) -> LaneLostError:
    return LaneLostError(error.strerror or str(error))
