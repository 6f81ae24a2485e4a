"""Who knocks: browsers and programs of every part, each request undone as soon as it was answered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.security.routes import Route
from tests.security.table import Row
from tests.security.things import path_of

# What may be written while somebody only reads: who is signed in, when a token was used, how often one tried.
WRITTEN_BY_READING = ("django_session", "accounts_token", "django_cache")
WRITING = re.compile(
    r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|TRUNCATE)\s+(?:ONLY\s+)?"?(\w+)"?', re.IGNORECASE
)
CLIENT = Client(raise_request_exception=False)  # one for all: each would load the whole middleware anew
OUTSIDE = ("/accounts/login/", "/accounts/inactive/")
SCOPES = ("read", "write", "approve", "admin")
# What two answers to the same question differ in by nature: the masked CSRF token, and the clock of the page.
OF_THIS_REQUEST = re.compile(rb'(?<=value=")[A-Za-z0-9]{64}(?=")|(?<=data-now=")[^"]+(?=")')
WORDS = re.compile(r"<main.*?</main>|<p.*", re.DOTALL)


@dataclass(frozen=True)
class Answered:
    """What came back: `same` is all of it that may not differ between a foreign thing and a missing one."""

    status: int
    location: str
    same: tuple[Any, ...]
    wrote: tuple[str, ...]
    text: str

    @property
    def refused(self) -> bool:
        """Say whether it says no: not you, or nothing that you could know of is named here."""
        return self.status in {403, 404} or (self.status == 422 and '"unknown_reference"' in self.text)

    @property
    def asks_to_sign_in(self) -> bool:
        """Say whether it says nothing but: sign in, or bring a token."""
        return self.status == 401 or (self.status == 302 and self.location.startswith(OUTSIDE))


@dataclass
class Actor:
    """Somebody at the door. `things` are those their requests name unless told otherwise."""

    name: str
    session: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    things: Mapping[str, Any] = field(default_factory=dict)
    rights: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset(SCOPES)
    is_service: bool = False

    def may_use(self, route: Route, row: Row) -> bool:
        """Say whether the row of an address lets this one in."""
        if self.is_service and not row.service:
            return False
        if route.is_api and route.method != "GET" and not row.scopes & self.scopes:
            return False
        return row.lets_in(self.name, self.rights)

    def ask(self, route: Route, row: Row, things: Mapping[str, Any] | None, *, briefly: bool = False) -> Answered:
        """Send one request about `things`, or about what nobody has, and undo whatever it did.

        `briefly` asks as htmx does, which gets a refusal without the page around it.
        """
        path = path_of(route, things)
        given = things or self.things
        body, query = _filled(row.body, given), _filled(row.query, given)
        CLIENT.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: self.session} if self.session else {})
        headers = {**self.headers, **({"HX-Request": "true"} if briefly else {})}
        with transaction.atomic():
            try:
                with CaptureQueriesContext(connection) if route.method == "GET" else nullcontext() as asked:
                    answer = _send(route, path, body, query, headers)
            finally:
                transaction.set_rollback(True)
        return _told(answer, path, [each["sql"] for each in asked.captured_queries] if asked else [])


def _send(route: Route, path: str, body: Any, query: Any, headers: Mapping[str, str]) -> Any:
    if route.method == "GET":
        return CLIENT.get(path, query, headers=headers)
    if route.is_api:
        kind = "application/json"
        return CLIENT.generic(route.method, path, json.dumps(body), content_type=kind, headers=headers)
    return CLIENT.post(path, body, headers=headers)


def _filled(of: Any, things: Mapping[str, Any]) -> Any:
    if isinstance(of, Mapping):
        return {name: _filled(value, things) for name, value in of.items()}
    if isinstance(of, list):
        return [_filled(value, things) for value in of]
    return of.format(**things) if isinstance(of, str) else of


def _told(answer: HttpResponse, path: str, queries: list[str]) -> Answered:
    content = b"" if answer.streaming else answer.content  # a stream is not opened: it never ends
    plain = OF_THIS_REQUEST.sub(b"", content).replace(path.encode(), b"PATH")
    headers = sorted((name, value.replace(path, "PATH")) for name, value in answer.headers.items())
    same = (answer.status_code, [each for each in headers if each[0] != "Content-Length"], plain)
    written = (found[1] for sql in queries if (found := WRITING.match(sql)))
    wrote = tuple(sorted(set(written) - set(WRITTEN_BY_READING)))
    return Answered(answer.status_code, answer.headers.get("Location", ""), same, wrote, _words(plain.decode()))


def _words(text: str) -> str:
    """Return the words of an answer, for whoever reads why a test failed."""
    found = WORDS.search(text)
    return re.sub(r"<[^>]*>|\s+", " ", found[0] if found else text)[:300]
