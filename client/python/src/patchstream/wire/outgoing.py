"""What a stream sends: messages that any thread adds and the carrier takes."""

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from ..v1 import data_pb2


class Outgoing:
    """Encoded messages, in their order. `add` never waits."""

    def __init__(self) -> None:
        """Nothing is to be sent."""
        self.waiting: deque[bytes] = deque()
        self.on_added: Callable[[], None] = lambda: None
        """Told after something was added."""

    def add(self, request: data_pb2.StreamRequest) -> None:
        """Sends a message when its turn comes."""
        self.waiting.append(request.SerializeToString())
        self.on_added()


class OutgoingCall:
    """The same as grpcio takes it: an iterator that waits, until it is closed."""

    def __init__(self, outgoing: Outgoing) -> None:
        """Takes what `outgoing` has from now on."""
        self._outgoing = outgoing
        self._woken: SimpleQueue[bool] = SimpleQueue()
        self._is_closed = False
        outgoing.on_added = self._wake

    def close(self) -> None:
        """Nothing more is sent."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        self._woken.put(True)

    def __iter__(self) -> "OutgoingCall":
        """Itself."""
        return self

    def __next__(self) -> bytes:
        """Waits for the next message."""
        while not self._is_closed:
            if self._outgoing.waiting:
                return self._outgoing.waiting.popleft()
            self._woken.get()
        raise StopIteration
