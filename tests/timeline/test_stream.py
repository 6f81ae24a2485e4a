"""The hub: one reading and one rendering per change and audience, frames in order, none lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from apps.timeline import hub, stream
from apps.timeline.kinds import KINDS, Kind, kind
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory


def said() -> Kind:
    return KINDS.get("test.said") or kind("test.said", "{actor} said {word}")


@pytest.fixture
def topic(transactional_db: None) -> stream.Topic:
    """A topic of a fresh organisation, rendered as the number of events it has."""
    organisation = OrganisationFactory()
    rendered: list[str] = []

    def render(key: str, audience: str) -> str:
        rendered.append(audience)
        count = Event.objects.filter(organisation=organisation, kind="test.said").count()
        return f"<p>{count}\r\nfor {audience}</p>"

    stream.register("test", concerns=lambda event, key: event.kind == "test.said", render=render)
    stream.register("test-items", concerns=lambda event, key: event.kind == "test.said", each=lambda event: event.text)
    made = stream.Topic(organisation.pk, "test", "key", "inside")
    made_rendered[made] = rendered
    return made


made_rendered: dict[stream.Topic, list[str]] = {}


def say(organisation_id: Any, word: str) -> None:
    from apps.accounts.models import Organisation

    with transaction.atomic():
        record(said(), Organisation.objects.get(pk=organisation_id), by=SYSTEM, word=word)


async def until(frames: AsyncIterator[str], found: Callable[[str], bool]) -> str:
    async with asyncio.timeout(10):
        async for frame in frames:
            if found(frame):
                return frame
    raise AssertionError("the stream ended")


def in_a_loop(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await story()
        finally:
            for task in hub.hub().tasks:
                task.cancel()

    asyncio.run(whole())


def test_a_change_is_rendered_once_and_sent_to_everybody_who_watches(topic: stream.Topic) -> None:
    async def story() -> None:
        viewers = [stream._fragments(topic, lambda: True) for _ in range(5)]
        for viewer in viewers:
            await until(viewer, lambda frame: "<p>0" in frame)
        before = len(made_rendered[topic])
        await sync_to_async(say)(topic.organisation_id, "hello")
        for viewer in viewers:
            frame = await until(viewer, lambda frame: "<p>1" in frame)
            assert "data: <p>1\ndata: for inside</p>\n\n" in frame
            assert frame.startswith("id: ")
        assert len(made_rendered[topic]) - before == 1
        for viewer in viewers:
            await viewer.aclose()  # type: ignore[attr-defined]
        assert topic.organisation_id not in hub.hub().viewers

    in_a_loop(story)


def test_items_begin_after_the_last_one_and_are_neither_lost_nor_doubled(topic: stream.Topic) -> None:
    items = stream.Topic(topic.organisation_id, "test-items", "key", "inside")

    def past(seq: int) -> list[Event]:
        return list(Event.objects.filter(organisation_id=topic.organisation_id, kind="test.said").after(seq)[:3])

    async def story() -> None:
        for number in range(10):
            await sync_to_async(say)(topic.organisation_id, f"w{number}")
        frames = stream._items(items, 0, lambda: True, past)
        got: list[tuple[int, str]] = []

        async def read(count: int) -> None:
            while len(got) < count:
                frame = await until(frames, lambda frame: frame.startswith("id: "))
                head, data = frame.split("\n")[:2]
                got.append((int(head[4:]), data[6:]))

        await read(10)
        for number in range(10, 15):
            await sync_to_async(say)(topic.organisation_id, f"w{number}")
        await read(15)
        assert [text.split()[-1] for _, text in got] == [f"w{number}" for number in range(15)]
        assert [seq for seq, _ in got] == sorted({seq for seq, _ in got})
        await frames.aclose()  # type: ignore[attr-defined]
        again = stream._items(items, got[11][0], lambda: True, past)
        frame = await until(again, lambda frame: frame.startswith("id: "))
        assert frame.endswith("w12\n\n")
        await again.aclose()  # type: ignore[attr-defined]

    in_a_loop(story)


def test_a_viewer_who_cannot_keep_up_is_ended(topic: stream.Topic) -> None:
    async def story() -> None:
        viewer = hub.Viewer(topic)
        for seq in range(hub.QUEUE_FRAMES + 5):
            viewer.offer(seq, "x")
        got = [viewer.frames.get_nowait() for _ in range(viewer.frames.qsize())]
        assert got[-1] is None or None in got
        hub.hub()

    in_a_loop(story)


def test_a_stream_ends_when_a_right_is_withdrawn(topic: stream.Topic) -> None:
    allowed = [True]

    async def story() -> None:
        frames = stream._fragments(topic, lambda: allowed[0])
        await until(frames, lambda frame: "<p>0" in frame)
        allowed[0] = False
        withdrawn = KINDS.get("role.taken") or kind("role.taken", "x")

        def withdraw() -> None:
            from apps.accounts.models import Organisation

            with transaction.atomic():
                record(withdrawn, Organisation.objects.get(pk=topic.organisation_id), by=SYSTEM, name="x", role="x")

        await sync_to_async(withdraw)()
        async with asyncio.timeout(6):
            async for _ in frames:
                pass

    in_a_loop(story)


def test_a_frame_cannot_be_broken_out_of() -> None:
    text = stream.frame("a\nevent: evil\rid: 9\r\ndata: x", seq=4)
    assert text == "id: 4\ndata: a\ndata: event: evil\ndata: id: 9\ndata: data: x\n\n"


@pytest.mark.parametrize(
    ("header", "query", "wanted"), [("5", "3", 5), ("3", "5", 5), ("x", "-1", 0), ("9" * 30, "", 0)]
)
def test_where_a_client_goes_on(rf: Any, header: str, query: str, wanted: int) -> None:
    assert stream.cursor(rf.get("/", {"after": query}, headers={"Last-Event-ID": header})) == wanted
