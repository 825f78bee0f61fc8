"""The trainer, as seen from a process of its own."""

import os
import signal
import socket
from collections.abc import Callable, Mapping
from threading import Condition, Event, Lock, Thread
from typing import Any

from patchstream.trainer.process.wire import HEAD, Message, decode, encode

Listener = Callable[[Message, bytes], None]


class Parent:
    """A socket to the trainer. When it closes, the trainer is gone, and the process ends at once.

    All methods may be called from any thread.
    """

    def __init__(self, path: str, rank: int) -> None:
        """Connects, and reads on a thread of its own."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._writing = Lock()
        self._changed = Condition()
        self._listeners: dict[str, Listener] = {}
        self._early: list[tuple[Message, bytes]] = []
        self._flushed = Event()
        self._closing = False
        self.tell({"kind": "hello", "rank": rank})
        self.on("flushed", lambda _message, _data: self._flushed.set())
        Thread(target=self._read, name="patchstream trainer", daemon=True).start()

    def tell(self, message: Message, data: bytes | memoryview = b"") -> None:
        """Returns when the message has left."""
        with self._writing:
            self._socket.sendall(encode(message, data))

    def notice(self, line: str) -> None:
        """Tells a person in one line what nobody asked for."""
        self.tell({"kind": "notice", "line": line})

    def emit(self, event: Mapping[str, Any]) -> None:
        """Tells what happened."""
        self.tell({"kind": "event", "event": event})

    def fleet(self, fields: Mapping[str, Any]) -> None:
        """Tells how the data servers do."""
        self.tell({"kind": "fleet", "fleet": fields})

    def emitted(self) -> None:
        """Returns when everything that was emitted is in the training's log."""
        self._flushed.clear()
        self.tell({"kind": "flush"})
        self._flushed.wait()

    def on(self, kind: str, listener: Listener) -> None:
        """Calls `listener` with every message of a kind on the reading thread, with those that came before on ours."""
        with self._changed:
            self._listeners[kind] = listener
            waiting = [one for one in self._early if one[0]["kind"] == kind]
            self._early = [one for one in self._early if one[0]["kind"] != kind]
        for message, data in waiting:
            listener(message, data)

    def first(self, kind: str) -> Message:
        """Waits for the first message of a kind."""
        came: list[Message] = []
        arrived = Event()

        def take(message: Message, _data: bytes) -> None:
            came.append(message)
            arrived.set()

        self.on(kind, take)
        arrived.wait()
        return came[0]

    def close(self) -> None:
        """After the last message: the trainer reads what was sent, and the process may end by itself."""
        self._closing = True
        self._socket.shutdown(socket.SHUT_WR)

    def _read(self) -> None:
        with self._socket.makefile("rb") as stream:
            while len(head := stream.read(HEAD.size)) == HEAD.size:
                text_bytes, data_bytes = HEAD.unpack(head)
                message, data = decode(stream.read(text_bytes)), stream.read(data_bytes)
                with self._changed:
                    listener = self._listeners.get(message["kind"])
                    if listener is None:
                        self._early.append((message, data))
                if listener is not None:
                    listener(message, data)
        if not self._closing:
            # Whatever the main thread is in the middle of. All that it writes may be cut off anywhere.
            os.kill(os.getpid(), signal.SIGKILL)
