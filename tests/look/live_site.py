"""A tiny ASGI site with one live page, which speaks the stream contract of static/js/live-stream.js and nothing else.

Its events follow the wall clock (one every 200 ms since LIVE_SITE_BEGAN), so a restarted site goes on where the old
one was.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_portal.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.template import engines  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.safestring import mark_safe  # noqa: E402

BEGAN = float(os.environ.get("LIVE_SITE_BEGAN", "0"))
JOURNAL = Path(os.environ.get("LIVE_SITE_JOURNAL", os.devnull))
EVERY = 0.2  # seconds between two events
PAGE = """{% extends "base.html" %}{% block title %}Live{% endblock %}{% block content %}
<div data-stream="/stream/" data-cursor="{{ seq }}"{% if poll %} data-poll="/progress/"{% endif %}></div>
<div class="card">{{ progress }}</div><ol id="lines"></ol>
<form method="post" action="/deed/" data-needs-live>
<label for="why">Reason</label><input id="why" name="why"><button>Pause after this step</button></form>
{% endblock %}"""
PROGRESS = """<section id="progress" data-rollback-state="running"><h2>Progress</h2>
<p id="said">Event {{ seq }}</p>{% mark "running" %}
{% at now "seconds" %}<details><summary>More</summary><p>What happened at {{ seq }}</p></details></section>"""
CSP = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
stream_status = 200


def newest() -> int:
    """The number of the newest event."""
    return int((time.time() - BEGAN) / EVERY)


def progress(seq: int) -> str:
    """The fragment, the same for the page, the stream and the poll."""
    return str(engines["django"].from_string(PROGRESS).render({"seq": seq, "now": timezone.now()}))


def frame(seq: int, after: int) -> str:
    """Partials: the whole fragment, and the lines that are newer than `after`."""
    lines = "".join(f'<li id="line-{number}">line {number}</li>' for number in range(after + 1, seq + 1))
    return (
        f'<hx-partial hx-target="#progress" hx-swap="outerMorph">{progress(seq)}</hx-partial>'
        f'<hx-partial hx-target="#lines" hx-swap="beforeend">{lines}</hx-partial>'
    )


def note(**facts: Any) -> None:
    """Write down what was asked, so that a test can read it after a restart."""
    with JOURNAL.open("a") as journal:
        journal.write(json.dumps(facts) + "\n")


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve the page, its stream, its poll, its deed, the static files and the switch that breaks the stream."""
    if scope["type"] != "http":
        return
    path, query = scope["path"], parse_qs(scope["query_string"].decode())
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    if path == "/stream/":
        await stream(headers, query, receive, send)
    elif path == "/progress/":
        note(polled=True)
        await answer(send, 200, frame(newest(), newest()))
    elif path == "/deed/":
        note(deed=True)
        await answer(send, 200, "<p>done</p>")
    elif path == "/break/":
        globals()["stream_status"] = int(query["status"][0])
        await answer(send, 200, "ok")
    elif path.startswith("/static/"):
        file = settings.BASE_DIR / path.lstrip("/")
        await answer(send, 200, file.read_bytes(), TYPES.get(file.suffix, "text/plain"))
    else:
        seq = newest()
        page = engines["django"].from_string(PAGE)
        with timezone.override(query.get("zone", ["UTC"])[0]):
            whole = page.render({"seq": seq, "progress": mark_safe(progress(seq)), "poll": "poll" in query})
        await answer(send, 200, whole)


async def answer(send: Any, status: int, body: str | bytes, kind: str = "text/html; charset=utf-8") -> None:
    """One whole answer with the product's content policy."""
    data = body.encode() if isinstance(body, str) else body
    headers = [
        (b"content-type", kind.encode()),
        (b"content-security-policy", CSP.encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def stream(headers: dict[str, str], query: dict[str, list[str]], receive: Any, send: Any) -> None:
    """The stream: a fresh frame at once, then what is newer, a heartbeat every 4 s."""
    asked = {"after": query.get("after", [""])[0], "last_event_id": headers.get("last-event-id", "")}
    note(**asked)
    if stream_status != 200:
        return await answer(send, stream_status, "broken on purpose")
    after = max(int(asked["after"] or 0), int(asked["last_event_id"] or 0))
    kind = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache, no-transform")]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    gone = asyncio.ensure_future(leaving(receive))
    async for block in blocks(after):
        if gone.done() or stream_status != 200:
            break
        await send({"type": "http.response.body", "body": block.encode(), "more_body": True})
    gone.cancel()
    await send({"type": "http.response.body", "body": b""})
    return None


async def leaving(receive: Any) -> None:
    """Return when the browser has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def blocks(after: int) -> AsyncIterator[str]:
    """Blocks of the stream from `after` on, for ever."""
    yield ":" + " " * 2048 + "\n\n"
    beat = 0.0
    while True:
        seq = newest()
        if seq > after or not beat:
            data = "\n".join(f"data: {line}" for line in frame(seq, after).splitlines())
            yield f"id: {seq}\nretry: 500\n{data}\n\n"
            after = seq
        if time.monotonic() - beat > 4:
            beat = time.monotonic()
            yield "event: hb\ndata: {}\n\n"
        await asyncio.sleep(EVERY)
