"""Crowds of programs before the web process: slow ones, ones that never read, and all of them at once (F17)."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.injecting import Injector

SLOW, DEAF, STORMING = 60, 60, 120


def slow_clients(injector: Injector) -> None:
    """F17: some never finish their question, others ask for a stream and read nothing of it."""
    asked = [_question(injector)[:-20]] * SLOW + [_question(injector)] * DEAF
    _crowd(injector, asked, "slow clients", injector.rng.uniform(2.0, 8.0))


def storm(injector: Injector) -> None:
    """F17: everybody who watches comes back at the same moment."""
    injector.rig.links.reset("viewers")
    _crowd(injector, [_question(injector)] * STORMING, "streams at once", injector.rng.uniform(0.5, 2.0))


def _question(injector: Injector) -> bytes:
    slot = injector.rng.choice(injector.rig.slots)
    token = injector.rig.people[slot.organisation]["commander"].token
    head = f"GET /api/v1/incidents/{slot.incident}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return f"{head}Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n".encode()


def _crowd(injector: Injector, asked: list[bytes], what: str, seconds: float) -> None:
    if "crowd" in injector.busy:
        return
    lines = []
    for question in asked:
        with contextlib.suppress(OSError):  # the web process is away just now
            line = socket.create_connection(("127.0.0.1", injector.rig.port), timeout=0.2)
            lines.append(line)
            line.sendall(question)

    def leave() -> None:
        for line in lines:
            line.close()

    if lines:
        injector.heal_after("crowd", seconds, "F17", f"{what}: {len(lines)}", leave, hits=False)
