"""Runs the simulators in one process: one port for all, and one more for each, on uvicorn."""

import asyncio
import contextlib
import socket
import sqlite3
from pathlib import Path

import uvicorn

from .front import Front
from .registry import simulators
from .storage import Storage
from .websocket import Link
from .world import World


class CannotServe(OSError):
    """The port or the data directory cannot be had; the text says which and what to do."""


class Announcing(uvicorn.Server):
    """Prints where each simulator answers, once it does."""

    def __init__(self, config: uvicorn.Config, lines: list[str]) -> None:
        super().__init__(config)
        self._lines = lines

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts as uvicorn does, then prints the lines."""
        await super().startup(sockets=sockets)
        print("\n".join(self._lines), flush=True)


def serve(port: int, *, host: str = "127.0.0.1", data_dir: Path | None = None) -> None:
    """Serves until SIGTERM or SIGINT. `port` 0 lets the system choose. Raises `CannotServe`."""
    known = simulators()
    main = _bound(host, port)
    if main is None:
        raise CannotServe(f"Port {port} on {host} is taken. Nothing was started; choose another with --port.")
    own = _ports_after(host, port, len(known))
    world = World(known, opened(data_dir))
    ports = dict(zip((_port(sock) for sock in own), known, strict=True))
    lines = [f"{slug}\thttp://{host}:{_port(main)}/{slug}\thttp://{host}:{root}" for root, slug in ports.items()]
    config = uvicorn.Config(
        Front(world, ports),
        log_level="warning",
        access_log=False,
        lifespan="off",
        loop="asyncio",
        ws=Link,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = Announcing(config, lines)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve(sockets=[main, *own]))
    world.storage.close()


def opened(data_dir: Path | None) -> Storage:
    """The storage in a directory, or in memory; raises `CannotServe` with a sentence."""
    try:
        return Storage(data_dir)
    except (OSError, sqlite3.Error) as error:
        sentence = f"The simulators cannot keep their state in {data_dir}: {error}. Nothing was started; "
        raise CannotServe(f"{sentence}choose another folder with --data-dir.") from error


def _ports_after(host: str, port: int, count: int) -> list[socket.socket]:
    """The next free ports after `port`, so that a restart finds the same ones."""
    sockets: list[socket.socket] = []
    candidate = port
    while len(sockets) < count:
        candidate = candidate + 1 if 0 < candidate < 65535 else 0
        sock = _bound(host, candidate)
        if sock is not None:
            sockets.append(sock)
    return sockets


def _bound(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(512)
    except OSError:
        sock.close()
        return None
    return sock


def _port(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])
