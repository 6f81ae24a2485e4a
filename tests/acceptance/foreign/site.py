"""The customer's public address: what it answers follows the deployment that the hosting provider serves."""

from __future__ import annotations

import socket
from collections.abc import Callable

from tests.acceptance.foreign.serving import Answer, Entry, Foreign


class Site(Foreign):
    """Answers errors from `bad` deployments. Tells its version in a header and in the JSON of /api/health."""

    def __init__(
        self, line: socket.socket, serving: Callable[[], str], versions: dict[str, str], bad: set[str], prefix: str = ""
    ) -> None:
        self.serving, self.versions, self.bad = serving, versions, bad
        super().__init__(line, prefix)

    def answer(self, entry: Entry) -> Answer:
        live = self.serving()
        headers = {"X-App-Version": self.versions.get(live, live), "X-Deployment": live}
        if entry.method not in {"GET", "HEAD"}:
            return Answer(405, {"error": "read only"}, headers)
        if entry.path == "/api/version":
            return Answer(200, {"build": {"version": self.versions.get(live, live)}}, headers)
        if live in self.bad:
            return Answer(500, {"status": "error", "version": self.versions[live]}, headers)
        if entry.path == "/api/health":
            return Answer(200, {"status": "ok", "version": self.versions.get(live, live)}, headers)
        return Answer(200, b"<h1>Portal</h1>", {"Content-Type": "text/html", **headers})
