"""The live view's answers: server-sent frames out of the hub, for pages (fragments) and for programs (events).

Nothing here knows what a topic looks like: an app registers its renderer in its ready(). Only this module may build a
streaming answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.timeline.hub import ADMISSIONS, Admission, Viewer, hub
from apps.timeline.models import Event
from apps.timeline.topics import PAGE_EVENTS, RENDERERS, Topic, newest_seq, register

__all__ = [
    "ADMISSIONS",
    "PAGE_EVENTS",
    "RENDERERS",
    "Admission",
    "Topic",
    "as_json",
    "cursor",
    "fragment_stream",
    "frame",
    "item_stream",
    "newest_seq",
    "register",
]

HEARTBEAT_SECONDS = 4.0
PERMISSION_SECONDS = 60.0
PADDING = ":" + " " * 2048 + "\n"


def frame(data: str, *, seq: int | None = None, name: str = "") -> str:
    """Write one server-sent event. Every line of the data gets its own prefix; carriage returns are normalised."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = (f"event: {name}\n" if name else "") + (f"id: {seq}\n" if seq is not None else "")
    return head + "".join(f"data: {line}\n" for line in lines) + "\n"


HEARTBEAT = frame("{}", name="hb")


async def _fragments(
    topic: Topic, allowed: Callable[[], bool], admission: Admission | None = None
) -> AsyncIterator[str]:
    """A full fresh fragment first, then a fresh one whenever something changed."""
    viewer, live = Viewer(topic, admission or Admission()), hub()
    newest = await live.join(viewer)
    try:
        yield PADDING + "retry: 1500\n\n"
        yield frame(await live.show(topic, newest), seq=newest)
        async for text in _frames(viewer, newest, allowed):
            yield text
    finally:
        live.leave(viewer)


async def _items(
    topic: Topic,
    after: int,
    allowed: Callable[[], bool],
    past: Callable[[int], list[Event]],
    admission: Admission | None = None,
) -> AsyncIterator[str]:
    """Every event once, in order: first those after `after`, then the new ones."""
    viewer, live = Viewer(topic, admission or Admission()), hub()
    await live.join(viewer)
    each = RENDERERS[topic.name].each
    assert each is not None
    try:
        yield PADDING + "retry: 1500\n\n"
        while page := await live.read(partial(_told, past, each, after)):
            for seq, text in page:
                yield frame(text, seq=seq)
                after = seq
        async for text in _frames(viewer, after, allowed):
            yield text
    finally:
        live.leave(viewer)


def _told(past: Callable[[int], list[Event]], each: Callable[[Event], str], after: int) -> list[tuple[int, str]]:
    return [(event.seq or 0, each(event)) for event in past(after)]


async def _frames(viewer: Viewer, after: int, allowed: Callable[[], bool]) -> AsyncIterator[str]:
    asked = time.monotonic()
    while True:
        if viewer.ask_again.is_set() or time.monotonic() - asked > PERMISSION_SECONDS:
            viewer.ask_again.clear()
            asked = time.monotonic()
            if not await hub().read(allowed):
                return
        try:
            queued = await asyncio.wait_for(viewer.frames.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            yield HEARTBEAT
            continue
        if queued is None:
            return
        seq, text = queued
        if seq > after:
            after = seq
            yield frame(text, seq=seq)


def fragment_stream(topic: Topic, *, allowed: Callable[[], bool]) -> StreamingHttpResponse:
    """Return the stream of a page. `allowed()` is asked again every minute and after every withdrawal of a right."""
    admission = Admission()
    return _response(_fragments(topic, allowed, admission), admission)


def item_stream(
    topic: Topic, *, after: int, allowed: Callable[[], bool], past: Callable[[int], list[Event]]
) -> StreamingHttpResponse:
    """Return the stream of single events for a program, beginning after `after`; `past(seq)` reads a page of them."""
    admission = Admission()
    return _response(_items(topic, after, allowed, past, admission), admission)


def cursor(request: HttpRequest) -> int:
    """Return where a client wants to go on: the larger of Last-Event-ID and ?after=, 0 when neither is a number."""
    given = (request.headers.get("Last-Event-ID", ""), request.GET.get("after", ""))
    return max((int(text) for text in given if text.isdecimal() and len(text) < 19), default=0)


def as_json(item: dict[str, Any]) -> str:
    """Write an item on one line."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def admit(answer: HttpResponseBase, kind: str, key: str) -> None:
    """Bind a stream to what it was opened with: it ends within ADMISSION_SECONDS of that. Other answers stay as they
    are.
    """
    admission = getattr(answer, "admission", None)
    if isinstance(admission, Admission):
        admission.kind, admission.key = kind, key


def _response(frames: AsyncIterator[str], admission: Admission) -> StreamingHttpResponse:
    connections.close_all()  # the view's connection must not wait for the stream's end
    answer = StreamingHttpResponse(frames, content_type="text/event-stream; charset=utf-8")
    answer.admission = admission  # type: ignore[attr-defined]
    answer["Cache-Control"] = "no-cache, no-store, no-transform"
    answer["X-Accel-Buffering"] = "no"
    answer["Content-Encoding"] = "identity"
    return answer
