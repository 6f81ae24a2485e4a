"""What changes by itself on the pages of an incident: which events concern it, for whom, and the streams of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse

from apps.accounts.models import Person
from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.incidents.permissions import sees_inside
from apps.timeline import reading, stream
from apps.timeline.models import Event, EventQuerySet, Visibility

INSIDE, OUTSIDE = "inside", "outside"
ITEM_TOPICS = {INSIDE: "incident-items", OUTSIDE: "incident-items-for-outsiders"}


def audience_of(by: Any) -> str:
    """Return which rendering somebody shares: of those who see the inside, or of those who do not."""
    return INSIDE if sees_inside(by) else OUTSIDE


def events_of(incident_id: Any, audience: str) -> EventQuerySet:
    """Return the events of an incident that an audience may read, oldest first; only committed ones have a number."""
    events = Event.objects.of_incident(incident_id).filter(seq__isnull=False)
    return events if audience == INSIDE else reading.for_outsiders(events)


def item_stream(organisation_id: UUID, incident_id: UUID, by: Any, after: int) -> StreamingHttpResponse:
    """Return the stream of an incident's events as JSON, beginning after number `after`."""
    audience = audience_of(by)
    topic = stream.Topic(organisation_id, ITEM_TOPICS[audience], str(incident_id), audience)
    return stream.item_stream(
        topic,
        after=after,
        allowed=still(by, audience),
        past=lambda seq: list(events_of(incident_id, audience).after(seq)[: stream.PAGE_EVENTS]),
    )


def page_stream(request: Request, name: str, key: Any) -> StreamingHttpResponse:
    """Return the stream of a page that only those who see the inside may read. Raises Forbidden."""
    may(request.person, SEE_INTERNAL).or_refuse()
    topic = stream.Topic(request.organisation.pk, name, str(key), INSIDE)
    return stream.fragment_stream(topic, allowed=still(request.person, INSIDE))


def poll(request: Request, name: str, key: Any) -> HttpResponse:
    """Return what the stream would send now. Raises Forbidden."""
    may(request.person, SEE_INTERNAL).or_refuse()
    render = stream.RENDERERS[name].render
    assert render is not None
    return HttpResponse(render(str(key), INSIDE))


def still(by: Any, audience: str) -> Callable[[], bool]:
    """Return a question for the stream: is this still an active person with this audience's rights?"""

    def ask() -> bool:
        if not isinstance(by, Person):
            return True
        person = Person.objects.filter(pk=by.pk, active=True).select_related("user").first()
        return person is not None and (audience == OUTSIDE or sees_inside(person))

    return ask


def register() -> None:
    """Tell the stream how the events of an incident look to programs."""
    stream.register(ITEM_TOPICS[INSIDE], concerns=_is_of, each=_as_item)
    stream.register(ITEM_TOPICS[OUTSIDE], concerns=_is_told_of, each=_as_item)


def _is_of(event: Event, key: str) -> bool:
    return str(event.incident_id) == key


def _is_told_of(event: Event, key: str) -> bool:
    return _is_of(event, key) and event.visibility != Visibility.INTERNAL


def _as_item(event: Event) -> str:
    return stream.as_json(reading.item(event))
