"""A WebSocket as simulators speak it: text both ways, RFC 6455 as far as providers use it. Uvicorn hands the line over.

A simulator that has a `link` says who may open one and what is said first. Open links are in `world.links`, what came
in over them in `world.heard`, oldest first; neither outlives the process.
"""

import asyncio
import base64
import hashlib
import json
import struct
from typing import Any
from urllib.parse import parse_qs

from .messages import Request

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
LONGEST_HEAD = 16_384  # bytes


class Link(asyncio.Protocol):
    """One line; uvicorn makes it when a request wants to become a WebSocket, and gives it the request's bytes."""

    def __init__(self, config: Any, server_state: Any, app_state: Any) -> None:
        self.front = config.loaded_app
        self.name = ""  # whose line it is, as the simulator says
        self.slug = ""
        self._lines = server_state.connections
        self._buffer = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers the line."""
        self._transport: Any = transport
        self._lines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the line."""
        self._lines.discard(self)
        if self in self.front.world.links:
            self.front.world.links.remove(self)

    def data_received(self, data: bytes) -> None:
        """Shakes hands first, then takes frames."""
        self._buffer += data
        if not self._open and not self._shake_hands():
            return
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def shutdown(self) -> None:
        """Ends the line because the simulators end."""
        self.close(1001)

    def send(self, text: str) -> None:
        """Says something."""
        self._write(TEXT, text.encode())

    def close(self, code: int = 1000) -> None:
        """Says goodbye and ends the line."""
        self._write(CLOSE, struct.pack("!H", code))
        self._transport.close()

    def _shake_hands(self) -> bool:
        start, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            if len(start) > LONGEST_HEAD:
                self._transport.close()
            return False
        self._buffer = rest
        request = self._request(start.decode("latin-1"))
        simulator = self.front.world.simulators.get(self.slug)
        welcome = simulator.link(self.front.world, request) if simulator and simulator.link else None
        if welcome is None:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
            return False
        key = request.headers.get("sec-websocket-key", "").encode()
        accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._transport.write(f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        self._open, self.name = True, welcome["name"]
        self.front.world.links.append(self)
        self.send(json.dumps(welcome["hello"]))
        return True

    def _request(self, head: str) -> Request:
        first, *lines = head.split("\r\n")
        target = first.split(" ")[1]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        path, _, query = target.partition("?")
        self.slug = self.front.ports.get(self._transport.get_extra_info("sockname")[1], "")
        if not self.slug:
            self.slug, _, rest = path.lstrip("/").partition("/")
            path = f"/{rest}"
        return Request("GET", path, parse_qs(query), headers, b"")

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame, unmasked; None while more bytes are needed."""
        if len(self._buffer) < 2:
            return None
        opcode, masked, length, at = self._buffer[0] & 15, self._buffer[1] >> 7, self._buffer[1] & 127, 2
        if length > 125:
            size = 2 if length == 126 else 8
            length, at = int.from_bytes(self._buffer[2 : 2 + size], "big"), 2 + size
        end = at + 4 * masked + length
        if len(self._buffer) < end:
            return None
        mask, data = self._buffer[at : at + 4 * masked], self._buffer[at + 4 * masked : end]
        self._buffer = self._buffer[end:]
        return opcode, bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)) if masked else data

    def _take(self, opcode: int, data: bytes) -> None:
        if opcode == PING:
            self._write(PONG, data)
        elif opcode == CLOSE:
            self.close()
        elif opcode == TEXT:
            self.front.world.heard.append({"slug": self.slug, "name": self.name, "said": json.loads(data)})

    def _write(self, opcode: int, data: bytes) -> None:
        length = len(data)
        if length < 126:
            size = bytes([length])
        else:
            size = b"\x7e" + struct.pack("!H", length) if length < 65_536 else b"\x7f" + struct.pack("!Q", length)
        self._transport.write(bytes([0x80 | opcode]) + size + data)
