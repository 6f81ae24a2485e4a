"""A web server of our own in a thread, on the test's database, and browsers that listen to its streams."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException

import uvicorn
from django.core.handlers.asgi import ASGIHandler

from apps.timeline import hub


class Listener:
    """A stream that is read in a thread until the server ends it."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", path, headers={"Host": "testserver", **headers})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        assert self.answer.headers["Content-Type"].startswith("text/event-stream")
        self.began, self.ended = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        assert self.began.wait(10)

    def _read(self) -> None:
        with contextlib.suppress(HTTPException, OSError):
            while self.answer.readline():
                self.began.set()
        self.ended.set()

    def seconds_until_it_ends(self, most: float = 10) -> float:
        """Return how long the server kept the stream open from now."""
        started = time.monotonic()
        assert self.ended.wait(most), f"the stream was still open after {most} s"
        return time.monotonic() - started

    def close(self) -> None:
        """Leave."""
        if self.connection.sock is not None:
            with contextlib.suppress(OSError):
                self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(10)
        self.connection.close()


@contextlib.contextmanager
def serving(port: int = 0) -> Iterator[int]:
    """Serve the pages and the API; yields the port."""
    listening = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(ASGIHandler(), log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    async def serve() -> None:
        await server.serve(sockets=[listening])
        for task in hub.hub().tasks:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(15)
        listening.close()
