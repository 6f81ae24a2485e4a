"""The live view's mechanism: one hub per web process turns new events into frames, once per change and audience.

The doorbell is LISTEN/NOTIFY and carries only an organisation's id; the events table is the truth. The hub reads new
rows once per ring, renders each topic that they concern once, and queues the frame for everybody who watches it. A
viewer whose queue is full is dropped and resumes by id. Nothing here knows what a topic looks like: an app registers
its renderer in its ready(). Only this module may build a streaming answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import close_old_connections, connection, connections
from django.http import HttpRequest, StreamingHttpResponse

from apps.timeline.models import Event

logger = logging.getLogger(__name__)
T = TypeVar("T")

HEARTBEAT_SECONDS = 4.0
SAFETY_POLL_SECONDS = 20.0
PERMISSION_SECONDS = 60.0
COALESCE_SECONDS = 0.25
SHARED_SECONDS = 1.0
QUEUE_FRAMES = 64
PAGE_EVENTS = 500
PADDING = ":" + " " * 2048 + "\n"
WITHDRAWALS = (
    "person.",
    "role.",
    "token.",
    "link.",
)  # kinds of event after which every viewer is asked again


@dataclass(frozen=True)
class Topic:
    """What a page watches: the renderer's name, the thing's id, and the audience that shares one rendering."""

    organisation_id: UUID
    name: str
    key: str
    audience: str


@dataclass(frozen=True)
class Renderer:
    """How an app shows its topic: does an event concern it, and what does it look like now."""

    concerns: Callable[[Event, str], bool]
    render: Callable[[str, str], str] | None = None
    each: Callable[[Event], str] | None = None


RENDERERS: dict[str, Renderer] = {}


def register(
    name: str,
    *,
    concerns: Callable[[Event, str], bool],
    render: Callable[[str, str], str] | None = None,
    each: Callable[[Event], str] | None = None,
) -> None:
    """Register a topic. `render(key, audience)` returns the fragment as it is now; `each(event)` one frame per event."""
    RENDERERS[name] = Renderer(concerns, render, each)


@dataclass(eq=False)
class Viewer:
    """One open stream."""

    topic: Topic
    frames: asyncio.Queue[tuple[int, str] | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_FRAMES))
    ask_again: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, seq: int, frame: str) -> None:
        """Queue a frame; a viewer who cannot keep up is ended and will resume by id."""
        try:
            self.frames.put_nowait((seq, frame))
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Close this stream after what is queued."""
        with contextlib.suppress(asyncio.QueueFull):
            while self.frames.full():
                self.frames.get_nowait()
            self.frames.put_nowait(None)


class Hub:
    """Reads once, renders once, sends to all. Lives in one event loop."""

    def __init__(self) -> None:
        self.viewers: dict[UUID, set[Viewer]] = defaultdict(set)
        self.seen: dict[UUID, int] = {}
        self.rung: set[UUID] = set()
        self.shown: dict[Topic, tuple[int, float, str]] = {}
        self.bell = asyncio.Event()
        self.threads = ThreadPoolExecutor(3, thread_name_prefix="hub")
        self.tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._pump())]

    async def read(self, work: Callable[[], T]) -> T:
        """Run synchronous reading in one of the hub's few threads; its database connection goes back afterwards."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, _with_connection, work)

    async def join(self, viewer: Viewer) -> int:
        """Start watching; returns the number of the newest event that a fresh rendering will include."""
        organisation_id = viewer.topic.organisation_id
        newest = await self.read(lambda: newest_seq(organisation_id))
        self.seen.setdefault(organisation_id, newest)
        self.viewers[organisation_id].add(viewer)
        return newest

    async def show(self, topic: Topic, seq: int) -> str:
        """Return the topic as it is now; many who come at once, as after a restart, share one rendering."""
        kept = self.shown.get(topic)
        if kept and kept[0] == seq and time.monotonic() - kept[1] < SHARED_SECONDS:
            return kept[2]
        text = await self.read(lambda: rendered(topic))
        self.shown[topic] = (seq, time.monotonic(), text)
        return text

    def leave(self, viewer: Viewer) -> None:
        """Stop watching."""
        watching = self.viewers[viewer.topic.organisation_id]
        watching.discard(viewer)
        if not watching:
            del self.viewers[viewer.topic.organisation_id]
            self.seen.pop(viewer.topic.organisation_id, None)
        if not any(other.topic == viewer.topic for other in watching):
            self.shown.pop(viewer.topic, None)

    def ring(self, organisation_id: UUID) -> None:
        """Note that an organisation has something new."""
        self.rung.add(organisation_id)
        self.bell.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with await _listening_connection() as line:
                    for organisation_id in list(self.viewers):
                        self.ring(organisation_id)  # whatever happened while nobody listened
                    async for notice in line.notifies():
                        self.ring(UUID(notice.payload))
            except (psycopg.Error, OSError, ValueError) as problem:
                logger.warning(
                    "The doorbell is away (%s); asking every %s s.",
                    type(problem).__name__,
                    SAFETY_POLL_SECONDS,
                )
                await asyncio.sleep(1)

    async def _pump(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.bell.wait(), SAFETY_POLL_SECONDS)
            self.bell.clear()
            rung, self.rung = self.rung or set(self.viewers), set()
            for organisation_id in rung & set(self.viewers):
                try:
                    await self._spread(organisation_id)
                except Exception:
                    logger.exception("Could not read what is new; the next ring tries again.")
            await asyncio.sleep(COALESCE_SECONDS)

    async def _spread(self, organisation_id: UUID) -> None:
        news = await self.read(lambda: events_after(organisation_id, self.seen.get(organisation_id, 0)))
        if not news:
            return
        self.seen[organisation_id] = news[-1].seq or 0
        if len(news) == PAGE_EVENTS:
            self.ring(organisation_id)
        watching: dict[Topic, list[Viewer]] = defaultdict(list)
        for viewer in list(self.viewers[organisation_id]):
            watching[viewer.topic].append(viewer)
            if any(event.kind.startswith(WITHDRAWALS) for event in news):
                viewer.ask_again.set()
        for topic, viewers in watching.items():
            for seq, frame in await self.read(lambda topic=topic: frames_for(topic, news)):  # type: ignore[misc]
                for viewer in viewers:
                    viewer.offer(seq, frame)


def _with_connection(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    finally:
        connections.close_all()


def newest_seq(organisation_id: Any) -> int:
    """Return the number of the newest event of an organisation, 0 when there is none."""
    found = (
        Event.objects.filter(organisation_id=organisation_id, seq__isnull=False)
        .order_by("-seq")
        .values_list("seq", flat=True)
    )
    return found.first() or 0


def events_after(organisation_id: UUID, seq: int) -> list[Event]:
    """Return at most PAGE_EVENTS events newer than `seq`, oldest first."""
    return list(Event.objects.filter(organisation_id=organisation_id).after(seq)[:PAGE_EVENTS])


def frames_for(topic: Topic, news: list[Event]) -> list[tuple[int, str]]:
    """Return the frames that `news` mean for a topic: one fresh fragment, or one frame per event."""
    renderer = RENDERERS[topic.name]
    concerning = [event for event in news if renderer.concerns(event, topic.key)]
    if not concerning:
        return []
    if renderer.each:
        return [(event.seq or 0, renderer.each(event)) for event in concerning]
    return [(news[-1].seq or 0, rendered(topic))]


def rendered(topic: Topic) -> str:
    """Return the fragment of a topic as it is now."""
    render = RENDERERS[topic.name].render
    assert render is not None
    return render(topic.key, topic.audience)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """Return the hub of the running event loop, started when first needed."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


async def _listening_connection() -> psycopg.AsyncConnection:
    line = await psycopg.AsyncConnection.connect(
        settings.DATABASE_URL, dbname=connection.settings_dict["NAME"], autocommit=True, connect_timeout=5
    )
    await line.execute("LISTEN timeline")
    return line


def frame(data: str, *, seq: int | None = None, name: str = "") -> str:
    """Write one server-sent event. Every line of the data gets its own prefix; carriage returns are normalised."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = (f"event: {name}\n" if name else "") + (f"id: {seq}\n" if seq is not None else "")
    return head + "".join(f"data: {line}\n" for line in lines) + "\n"


HEARTBEAT = frame("{}", name="hb")


async def _fragments(topic: Topic, allowed: Callable[[], bool]) -> AsyncIterator[str]:
    """A full fresh fragment first, then a fresh one whenever something changed."""
    viewer, live = Viewer(topic), hub()
    newest = await live.join(viewer)
    try:
        yield PADDING + "retry: 1500\n\n"
        yield frame(await live.show(topic, newest), seq=newest)
        async for text in _frames(viewer, newest, allowed):
            yield text
    finally:
        live.leave(viewer)


async def _items(
    topic: Topic, after: int, allowed: Callable[[], bool], past: Callable[[int], list[Event]]
) -> AsyncIterator[str]:
    """Every event once, in order: first those after `after`, then the new ones."""
    viewer, live = Viewer(topic), hub()
    await live.join(viewer)
    each = RENDERERS[topic.name].each
    assert each is not None
    try:
        yield PADDING + "retry: 1500\n\n"
        while page := await live.read(lambda: [(event.seq or 0, each(event)) for event in past(after)]):
            for seq, text in page:
                yield frame(text, seq=seq)
                after = seq
        async for text in _frames(viewer, after, allowed):
            yield text
    finally:
        live.leave(viewer)


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
    return _response(_fragments(topic, allowed))


def item_stream(
    topic: Topic, *, after: int, allowed: Callable[[], bool], past: Callable[[int], list[Event]]
) -> StreamingHttpResponse:
    """Return the stream of single events for a program, beginning after `after`; `past(seq)` reads a page of them."""
    return _response(_items(topic, after, allowed, past))


def cursor(request: HttpRequest) -> int:
    """Return where a client wants to go on: the larger of Last-Event-ID and ?after=, 0 when neither is a number."""
    given = (request.headers.get("Last-Event-ID", ""), request.GET.get("after", ""))
    return max((int(text) for text in given if text.isdecimal() and len(text) < 19), default=0)


def as_json(item: dict[str, Any]) -> str:
    """Write an item on one line."""
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def _response(frames: AsyncIterator[str]) -> StreamingHttpResponse:
    connections.close_all()  # the view's connection must not wait for the stream's end
    answer = StreamingHttpResponse(frames, content_type="text/event-stream; charset=utf-8")
    answer["Cache-Control"] = "no-cache, no-store, no-transform"
    answer["X-Accel-Buffering"] = "no"
    answer["Content-Encoding"] = "identity"
    return answer
