"""Carry bytes between TCP and the tests' Postgres, which listens on a Unix socket, and break the line where told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # as psycopg sends it: a simple query


class Relay:
    """Listens on a free port of 127.0.0.1. `cut_at` is a piece of a request at which every line is broken.

    With `deliver` the piece still reaches the server and only its answer is lost; without, it does not arrive. With
    `hold` the line is not broken, but silent from then on.
    """

    def __init__(self, host: str, port: int) -> None:
        self.to, self.to_port = host, port
        self.cut_at, self.deliver, self.hold = b"", True, False
        self.connections = 0
        self.swallowing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            far = self._far()
            threading.Thread(target=self._up, args=(near, far), daemon=True).start()
            threading.Thread(target=self._down, args=(near, far), daemon=True).start()

    def _far(self) -> socket.socket:
        if self.to.startswith("/"):
            far = socket.socket(socket.AF_UNIX)
            far.connect(f"{self.to}/.s.PGSQL.{self.to_port}")
            return far
        return socket.create_connection((self.to, self.to_port))

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), far:
            while data := near.recv(65536):
                if self.cut_at and self.cut_at in data:
                    self.swallowing.set()
                    if not self.deliver:
                        break
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR)

    def _down(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            while data := far.recv(65536):
                if self.swallowing.is_set() and self.hold:
                    continue
                if self.swallowing.is_set():
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                near.sendall(data)
            near.shutdown(socket.SHUT_RDWR)
