"""Somebody's own HTTP endpoint, of which nothing can be observed: it does what it is told, each time it is told."""

from __future__ import annotations

import socket

from tests.acceptance.foreign.serving import Answer, Entry, Foreign


class Hook(Foreign):
    """Takes any write with the right header."""

    def __init__(self, line: socket.socket, *, token: str, prefix: str = "") -> None:
        self.token = token
        super().__init__(line, prefix)

    def answer(self, entry: Entry) -> Answer:
        if entry.headers.get("x-hook-token") != self.token:
            return Answer(401, {"error": "who are you"})
        if entry.method != "GET":
            entry.effect = f"{entry.method} {entry.path} {entry.body}"
        return Answer(200, {"ok": True})
