"""A TCP relay before a server, which resets connections and flips bits."""

import socket
import struct
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType

LARGE_BYTES = 4096
"""What comes in pieces of this size is a batch's."""


class Relay:
    """Passes everything on, but for what it is told to spoil."""

    def __init__(self, target: str, host: str = "127.0.0.1") -> None:
        """On `host`, which is one of this machine's own: lanes go past it unless it is another than the server's."""
        server, port = target.rsplit(":", 1)
        self._target = (server, int(port))
        self._listener = socket.create_server((host, 0))
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._to_damage = 0
        self.damaged = 0
        self.address = f"{host}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Relay":
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self.reset()

    def damage(self, pieces: int) -> None:
        """Flips a bit in each of the next large pieces that the server sends."""
        with self._lock:
            self._to_damage = pieces

    def reset(self) -> None:
        """Ends every connection at once."""
        with self._lock:
            opened, self._open = self._open, []
        for one in opened:
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                self._open += [client, server]
            Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
            Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with source, target, suppress(OSError):
            while piece := source.recv(1 << 16):
                target.sendall(self._spoilt(piece) if is_answer else piece)
            target.shutdown(socket.SHUT_WR)

    def _spoilt(self, piece: bytes) -> bytes:
        with self._lock:
            if len(piece) < LARGE_BYTES or self._to_damage == 0:
                return piece
            self._to_damage -= 1
            self.damaged += 1
        spoilt = bytearray(piece)
        spoilt[len(piece) // 2] ^= 1
        return bytes(spoilt)
