"""Answer with exactly the bytes a test gives: for faults below HTTP that no simulator can make."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Respond = Callable[["Seen", socket.socket], None]


@dataclass(frozen=True)
class Seen:
    """One request as it came: the head in lower case and the body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


class RawServer:
    """Listens on a free port of 127.0.0.1; `respond` gets every request and the socket to write to."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.wrap: Callable[[socket.socket], socket.socket] = lambda connection: connection
        self.requests: list[Seen] = []
        self.released = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening and let hanging answers go."""
        self.released.set()
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self.wrap(connection) as connection:
            while request := self._read(connection):
                self.requests.append(request)
                self.respond(request, connection)

    def _read(self, connection: socket.socket) -> Seen | None:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := connection.recv(65536)):
                return None
            data += more
            if data.startswith(b"\x16"):
                return None  # a TLS greeting; we speak plain text
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        method, target, _ = first.split(" ")
        return Seen(method, target, headers, body)


def answer(status: int = 200, body: Any = b"", headers: dict[str, str] | None = None) -> Respond:
    """Return a responder that sends one whole answer; `body` that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
    lines = {"Content-Length": str(len(content)), **kind, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def respond(request: Seen, connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content)

    return respond


def in_turn(*responders: Respond) -> Respond:
    """Return a responder that uses each of `responders` once and the last one from then on."""
    left = list(responders)

    def respond(request: Seen, connection: socket.socket) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(request, connection)

    return respond


def routed(table: dict[str, Respond]) -> Respond:
    """Return a responder that chooses by "METHOD /path", without the query; all else gets 404 in JSON."""

    def respond(request: Seen, connection: socket.socket) -> None:
        key = f"{request.method} {request.target.partition('?')[0]}"
        table.get(key, answer(404, {"error": {"code": "not_found"}}))(request, connection)

    return respond


def raw(data: bytes) -> Respond:
    """Return a responder that sends `data` and closes the connection."""

    def respond(request: Seen, connection: socket.socket) -> None:
        connection.sendall(data)
        connection.close()

    return respond


def reset(request: Seen, connection: socket.socket) -> None:
    """Break the connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hanging(server_released: threading.Event, first: bytes = b"") -> Respond:
    """Return a responder that sends `first` and then nothing until the server is closed."""

    def respond(request: Seen, connection: socket.socket) -> None:
        connection.sendall(first)
        server_released.wait(30)

    return respond
