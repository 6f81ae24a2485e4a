"""What a live page can watch: topics, how apps render them, and reading what is new about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.timeline.models import Event

PAGE_EVENTS = 500


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
    """Register a topic: `render(key, audience)` returns the fragment as it is now, or `each(event)` one frame."""
    RENDERERS[name] = Renderer(concerns, render, each)


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
