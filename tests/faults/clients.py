"""People with programs: they ask the web process over HTTP, ask again when a line breaks, and write down everything."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from tests.faults.history import History

PATIENCE_SECONDS = 40.0
CALL_SECONDS = 8.0
PAUSE_SECONDS = 0.1
IDLE_SECONDS = 2.0
KEY_SECONDS = 2.0  # a key whose first call died with its web process is given up after so long


@dataclass(frozen=True)
class Said:
    """What an operation came to: ok, fail or info, with the answer's status and body."""

    type: str
    status: int
    body: Any


@dataclass(frozen=True)
class User:
    """Somebody with a token."""

    person: str
    token: str


class Clients:
    """Every client of one campaign. Safe to use from many threads; each keeps a connection of its own."""

    def __init__(self, port: int, history: History) -> None:
        self.port, self.history = port, history
        self.giving_up = threading.Event()
        self._own = threading.local()

    def post(
        self, f: str, user: User, path: str, body: dict[str, Any] | None, *, method: str = "POST", **value: Any
    ) -> Said:
        """POST (or DELETE) until an answer says something; the same Idempotency-Key makes asking again harmless."""
        told = {**value, "person": user.person}
        op = self.history.invoke(f, told)
        said = self._insist(method, user, path, body)
        if said.type == "ok" and f == "propose":
            told["rollback"] = said.body["id"]
        if said.type == "ok" and f == "freeze":
            told["freeze"] = said.body["id"]
        self.history.end(op, said.type, f, {**told, "status": said.status, "code": _code(said.body)})
        return said

    def get(self, user: User, path: str) -> Said:
        """GET once; `info` when nothing came back."""
        status, found = self._once("GET", path, user, None, "")
        return Said("ok" if status == 200 else "info", status, found)

    def _insist(self, method: str, user: User, path: str, body: dict[str, Any] | None) -> Said:
        began = new_key_at = time.monotonic()
        found: Any = None
        key, until, tries = "", began + PATIENCE_SECONDS, 0
        while True:
            tries += 1
            if not key or _code(found) == "busy" or (_code(found) == "in_flight" and time.monotonic() > new_key_at):
                key, new_key_at = str(uuid.uuid4()), time.monotonic() + KEY_SECONDS
            status, found = self._once(method, path, user, body, key)
            if 200 <= status < 300:
                return Said("ok", status, found)
            passing = status == 0 or status >= 500 or status == 429 or _code(found) in {"in_flight", "busy"}
            if not passing:
                # Refused at the first try is refused; after a broken line the first try may have done it.
                return Said("fail" if tries == 1 else "info", status, found)
            if time.monotonic() > until or self.giving_up.is_set():
                return Said("info", status, found)
            time.sleep(PAUSE_SECONDS * min(tries, 10))

    def _once(self, method: str, path: str, user: User, body: Any, key: str) -> tuple[int, Any]:
        connection = self._connection()
        headers = {"Authorization": f"Bearer {user.token}", "Accept": "application/json"}
        if key:
            headers |= {"Idempotency-Key": key, "Content-Type": "application/json"}
        try:
            connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return 0, None
        try:
            return answer.status, json.loads(content)
        except ValueError:
            return answer.status, None

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_SECONDS)
        connection: http.client.HTTPConnection = self._own.connection
        if time.monotonic() - getattr(self._own, "used_at", 0.0) > IDLE_SECONDS:
            connection.close()  # the server closes idle ones: a request on one would only seem lost
        self._own.used_at = time.monotonic()
        return connection


def _code(body: Any) -> str:
    return str(body.get("code", "")) if isinstance(body, dict) else ""
