"""One hub per web process: reads new events once per ring, renders each topic once, and queues the frame for all.

The doorbell is LISTEN/NOTIFY and carries only an organisation's id; the events table is the truth. A viewer whose
queue is full is dropped and resumes by id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import close_old_connections, connection, connections

from apps.timeline.topics import PAGE_EVENTS, Topic, events_after, frames_for, newest_seq, rendered

logger = logging.getLogger(__name__)
T = TypeVar("T")

SAFETY_POLL_SECONDS = 20.0
COALESCE_SECONDS = 0.25
SHARED_SECONDS = 1.0
QUEUE_FRAMES = 64
ADMISSION_SECONDS = 2.0
# Kinds of event after which every viewer is asked again.
WITHDRAWALS = ("person.", "role.", "token.", "link.", "grant.", "group.")

# What a stream was opened with (a session, a token) → which of many such keys still open anything. All viewers of a
# process are asked in one query; an app registers its own in its ready().
ADMISSIONS: dict[str, Callable[[set[str]], set[str]]] = {}


@dataclass
class Admission:
    """What a stream was opened with; empty where nothing but rights decides."""

    kind: str = ""
    key: str = ""


@dataclass(eq=False)
class Viewer:
    """One open stream."""

    topic: Topic
    admission: Admission = field(default_factory=Admission)
    frames: asyncio.Queue[tuple[int, str] | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_FRAMES))
    ask_again: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, seq: int, frame: str) -> None:
        """Queue a frame; a viewer who cannot keep up is ended and will resume by id."""
        try:
            self.frames.put_nowait((seq, frame))
        except asyncio.QueueFull:
            self.end()

    def doubt(self) -> None:
        """Ask this viewer again, at once, whether they may watch."""
        self.ask_again.set()
        self.offer(0, "")  # older than everything, so it is never shown: it only wakes the stream

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
        self.tasks = [asyncio.create_task(work()) for work in (self._listen, self._pump, self._dismiss)]

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

    async def _dismiss(self) -> None:
        """End the streams whose session or token is no more; nobody tells of a sign-out or of an expiry."""
        while True:
            await asyncio.sleep(ADMISSION_SECONDS)
            try:
                for kind, still in ADMISSIONS.items():
                    watching = [each for viewers in self.viewers.values() for each in viewers]
                    held = [viewer for viewer in watching if viewer.admission.kind == kind]
                    keys = {viewer.admission.key for viewer in held}
                    valid = await self.read(lambda still=still, keys=keys: still(keys)) if keys else keys  # type: ignore[misc]
                    for viewer in held:
                        if viewer.admission.key not in valid:
                            viewer.end()
            except Exception:
                logger.exception("Could not ask who may still watch; asked again in %s s.", ADMISSION_SECONDS)

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
                viewer.doubt()
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
