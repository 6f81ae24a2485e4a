"""`doctor --audit`: known flaws are named, and nothing is called clean because nobody answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command

from rollback_portal import auditing
from rollback_portal.auditing import CLEAN, FLAWED, INCOMPLETE, NOT_AUDITED, Package
from rollback_portal.doctoring import ERROR, OK

SOUND, FLAWED_ONE, HOME_MADE = Package("sound", "1.0"), Package("leaky", "2.0"), Package("ours", "0", "it is ours.")
ADVISORY = {
    "id": "PYSEC-2026-1",
    "summary": "It leaks",
    "affected": [{"package": {"name": "Leaky"}, "ranges": [{"events": [{"introduced": "0"}, {"fixed": "2.1"}]}]}],
}


class Source(BaseHTTPRequestHandler):
    """A source of advisories that knows of one flaw; `trouble` is what it answers instead."""

    trouble: tuple[int, Any] | None = None
    withdrawn = False

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        flaws = {"leaky": {"vulns": [{"id": ADVISORY["id"]}]}}
        self._say(*(self.trouble or (200, {"results": [flaws.get(one["package"]["name"], {}) for one in asked]})))

    def do_GET(self) -> None:
        self._say(200, {**ADVISORY, **({"withdrawn": "2026-11-01T00:00:00Z"} if self.withdrawn else {})})

    def _say(self, status: int, what: Any) -> None:
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def source(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Source]]:
    """The source, reachable at ADVISORIES_URL."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    own = type("OwnSource", (Source,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), own) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings.ADVISORIES_URL = f"http://127.0.0.1:{server.server_port}"
        yield own
        server.shutdown()


def test_a_known_flaw_is_named_with_its_number_and_where_it_is_fixed(source: type[Source]) -> None:
    told = auditing.audit([SOUND, FLAWED_ONE])
    assert [(each.level, each.text) for each in told.findings] == [
        (ERROR, "leaky 2.0 has a known flaw, PYSEC-2026-1: It leaks. Fixed in 2.1.")
    ]
    assert told.ends_with == FLAWED


def test_what_has_no_flaw_is_clean(source: type[Source]) -> None:
    told = auditing.audit([SOUND])
    assert [each.level for each in told.findings] == [OK]
    assert told.ends_with == CLEAN


def test_a_withdrawn_advisory_is_no_flaw(source: type[Source]) -> None:
    source.withdrawn = True
    assert auditing.audit([FLAWED_ONE]).ends_with == CLEAN


def test_what_cannot_be_audited_is_named_and_not_called_clean(source: type[Source]) -> None:
    told = auditing.audit([SOUND, HOME_MADE])
    assert [(each.level, each.text) for each in told.findings] == [(NOT_AUDITED, "ours 0 was not audited: it is ours.")]
    assert told.ends_with == INCOMPLETE


@pytest.mark.parametrize(
    "trouble",
    [
        (500, {}), (429, {}), (200, {}), (200, {"results": []}), (200, b"<html>"), (200, []), (302, {}),
        (200, {"results": [{"vulns": [{}]}]}), (200, {"results": [{"next_page_token": "more"}]}),
    ],
    ids=str,
)  # fmt: skip
def test_a_source_that_does_not_answer_well_is_never_taken_for_clean(
    source: type[Source], trouble: tuple[int, Any]
) -> None:
    source.trouble = trouble
    told = auditing.audit([SOUND])
    assert [each.level for each in told.findings] == [NOT_AUDITED]
    assert "sound" in told.findings[0].text
    assert told.ends_with == INCOMPLETE


def test_without_a_source_the_command_ends_with_three(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    settings.ADVISORIES_URL = "http://127.0.0.1:1"
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--audit")
    assert ended.value.code == INCOMPLETE
    said = capsys.readouterr().out
    assert "not audited" in said
    assert "no known flaw" not in said


def test_everything_installed_is_looked_at() -> None:
    names = {package.name.lower() for package in auditing.installed()}
    assert {"django", "psycopg", "celery", "pytest"} <= names
    assert len(names) > 50
