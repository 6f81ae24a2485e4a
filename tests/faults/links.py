"""Proxies between the parts, one per link, in a process of their own: each can be slow, silent, cut or one-way.

`python -m tests.faults.links` takes one JSON order per line on stdin and answers each with one line. Orders: `open`
(a link to a Unix socket or a TCP address; the answer has its port), `set` (`latency` seconds, `up` and `down`
whether that direction flows), `reset` (break every connection), `cut` (break the next connection after so many
bytes), `commit` (meet the next COMMIT: forward it and break the line before its answer, or end the backend with it).
What a silent direction holds back is delivered when it flows again, as TCP would.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# As psycopg sends it: a simple query, and, in a pipeline, a statement without a name or parameters.
COMMITS = (b"Q\x00\x00\x00\x0bCOMMIT\x00", b"\x00COMMIT\x00\x00\x00")
BACKEND_KEY = b"K\x00\x00\x00\x0c"  # protocol 3.0: backend's process id and its secret, 4 bytes each
PIECE = 65536
COMMIT_TAKES = 0.05  # seconds that Postgres gets to commit before the line breaks


@dataclass
class Link:
    """One link: where it leads, how it is now, and what waits for its next COMMIT (`cut` or `end`)."""

    name: str
    to: list[Any]
    latency: float = 0.0
    flows: dict[str, asyncio.Event] = field(default_factory=dict)
    lines: set[Line] = field(default_factory=set)
    at_commit: list[str] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    commits_met: int = 0

    def __post_init__(self) -> None:
        for direction in ("up", "down"):
            self.flows[direction] = asyncio.Event()
            self.flows[direction].set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        try:
            if self.to[0] == "unix":
                upstream = await asyncio.open_unix_connection(self.to[1])
            else:
                upstream = await asyncio.open_connection(self.to[1], self.to[2])
        except OSError:
            _break(writer)
            return
        line = Line(self, reader, writer, *upstream)
        self.lines.add(line)
        try:
            await line.carry()
        finally:
            self.lines.discard(line)


class Line:
    """One connection through a link."""

    def __init__(self, link: Link, *ends: Any) -> None:
        self.link = link
        self.reader, self.writer, self.up_reader, self.up_writer = ends
        self.backend = 0
        self.left = link.cut_after.pop() if link.cut_after else None

    async def carry(self) -> None:
        """Pump both ways; the end of one way ends the other."""
        up = asyncio.create_task(self._pump("up", self.reader, self.up_writer))
        down = asyncio.create_task(self._pump("down", self.up_reader, self.writer))
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)
        for writer in (self.writer, self.up_writer):
            with contextlib.suppress(Exception):
                writer.close()

    def cut(self) -> None:
        """Break both ends with a reset."""
        _break(self.writer)
        _break(self.up_writer)

    async def _pump(self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link, flows = self.link, self.link.flows[direction]
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE):
                if not self.backend and direction == "down" and (at := piece.find(BACKEND_KEY)) >= 0:
                    self.backend = struct.unpack("!I", piece[at + 5 : at + 9])[0]
                if link.latency:
                    await asyncio.sleep(link.latency)
                if not flows.is_set():
                    await flows.wait()
                if direction == "up" and link.at_commit and any(commit in piece for commit in COMMITS):
                    if await self._meet_commit(link.at_commit.pop(0), piece):
                        return
                    continue
                if self.left is not None:
                    self.left -= len(piece)
                    if self.left <= 0:
                        writer.write(piece[: self.left] if self.left else piece)
                        await writer.drain()
                        self.cut()
                        return
                writer.write(piece)
                await writer.drain()

    async def _meet_commit(self, how: str, piece: bytes) -> bool:
        """Returns whether the line was broken."""
        self.link.commits_met += 1
        if how == "end-first" and self.backend:
            os.kill(self.backend, signal.SIGTERM)
        self.up_writer.write(piece)
        await self.up_writer.drain()
        if how == "cut":
            _break(self.writer)
            await asyncio.sleep(COMMIT_TAKES)
            return True
        if how == "end" and self.backend:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.backend, signal.SIGTERM)
        return False


def _break(writer: asyncio.StreamWriter) -> None:
    line = writer.get_extra_info("socket")
    if line is not None:
        with contextlib.suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Exchange:
    """Every link by its name, and the orders about them."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}

    async def open(self, order: dict[str, Any]) -> dict[str, Any]:
        """Open a link on a port that the system chooses."""
        link = self.links[order["name"]] = Link(order["name"], order["to"])
        server = await asyncio.start_server(link.accept, "127.0.0.1", order.get("port", 0), backlog=512)
        return {"port": server.sockets[0].getsockname()[1]}

    async def set(self, order: dict[str, Any]) -> dict[str, Any]:
        """Make a link slow or silent, or heal it."""
        link = self.links[order["name"]]
        link.latency = order.get("latency", 0.0)
        for direction, event in link.flows.items():
            if order.get(direction, True):
                event.set()
            else:
                event.clear()
        return {}

    async def reset(self, order: dict[str, Any]) -> dict[str, Any]:
        """Break every connection of a link."""
        lines = list(self.links[order["name"]].lines)
        for line in lines:
            line.cut()
        return {"broken": len(lines)}

    async def cut(self, order: dict[str, Any]) -> dict[str, Any]:
        """Break the next connection after so many bytes; 0 bytes forgets what was ordered."""
        link = self.links[order["name"]]
        link.cut_after = [order["bytes"]] if order["bytes"] else []
        return {}

    async def commit(self, order: dict[str, Any]) -> dict[str, Any]:
        """Arm a link for its next COMMITs with `how` (cut, end, end-first); none disarms. Says how many were met."""
        link = self.links[order["name"]]
        link.at_commit = list(order["how"])
        return {"met": link.commits_met}


async def main() -> None:
    """Serve orders until stdin ends."""
    loop, exchange = asyncio.get_running_loop(), Exchange()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    deeds: dict[str, Callable[[dict[str, Any]], Any]] = {
        name: getattr(exchange, name) for name in ("open", "set", "reset", "cut", "commit")
    }
    while line := await orders.readline():
        order = json.loads(line)
        print(json.dumps(await deeds[order["do"]](order)), flush=True)


if __name__ == "__main__":
    import uvloop

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(main())
