"""What changes by itself on the pages of an incident: which events concern it, for whom, and the streams of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

from apps.accounts.models import Person
from apps.accounts.permissions import may, may_somewhere
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.accounts.seeing import inside_of, sees
from apps.incidents.models import Incident
from apps.incidents.permissions import sees_inside
from apps.timeline import reading, stream
from apps.timeline.models import Event, EventQuerySet, Visibility

INSIDE, OUTSIDE = "inside", "outside"
ITEM_TOPICS = {INSIDE: "incident-items", OUTSIDE: "incident-items-for-outsiders"}


def audience_of(by: Any, incident: Incident) -> str:
    """Return which rendering of an incident somebody shares: of those who see its inside, or of those who do not."""
    return INSIDE if sees_inside(by, incident) else OUTSIDE


def events_of(incident_id: Any, audience: str) -> EventQuerySet:
    """Return the events of an incident that an audience may read, oldest first; only committed ones have a number."""
    events = Event.objects.of_incident(incident_id).filter(seq__isnull=False)
    return events if audience == INSIDE else reading.for_outsiders(events)


def item_stream(incident: Incident, by: Any, after: int) -> StreamingHttpResponse:
    """Return the stream of an incident's events as JSON, beginning after number `after`."""
    audience, incident_id = audience_of(by, incident), incident.pk
    topic = stream.Topic(incident.organisation_id, ITEM_TOPICS[audience], str(incident_id), audience)
    return stream.item_stream(
        topic,
        after=after,
        allowed=still(by, audience, incident),
        past=lambda seq: list(events_of(incident_id, audience).after(seq)[: stream.PAGE_EVENTS]),
    )


def page_stream(request: Request, name: str, thing: Any) -> StreamingHttpResponse:
    """Return the stream of a page about `thing` that only those who see its inside may read. Raises Forbidden."""
    may(request.person, SEE_INTERNAL, thing).or_refuse()
    topic = stream.Topic(request.organisation.pk, name, str(thing.pk), INSIDE)
    return stream.fragment_stream(topic, allowed=still(request.person, INSIDE, thing))


def poll(request: Request, name: str, thing: Any) -> HttpResponse:
    """Return what the stream would send now. Raises Forbidden."""
    may(request.person, SEE_INTERNAL, thing).or_refuse()
    return _rendered(name, thing.pk, INSIDE)


def overview_stream(request: Request, name: str) -> StreamingHttpResponse:
    """Return the stream of a page about the organisation: those who see the same of it share a rendering."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    seen = inside_of(request.person).key
    topic = stream.Topic(request.organisation.pk, name, str(request.organisation.pk), INSIDE + seen)
    return stream.fragment_stream(topic, allowed=_as_before(request.person, lambda now: inside_of(now).key == seen))


def overview_poll(request: Request, name: str) -> HttpResponse:
    """Return what the stream of the overview would send now. Raises Forbidden."""
    may_somewhere(request.person, SEE_INTERNAL).or_refuse()
    return _rendered(name, request.organisation.pk, INSIDE + inside_of(request.person).key)


def still(by: Any, audience: str, thing: Any) -> Callable[[], bool]:
    """Return a question for the stream: is this still an active person who sees `thing` as this audience does?"""
    return _as_before(by, lambda now: sees(now, thing) and (audience == OUTSIDE or sees_inside(now, thing)))


def _rendered(name: str, key: Any, audience: str) -> HttpResponse:
    render = stream.RENDERERS[name].render
    assert render is not None
    return HttpResponse(render(str(key), audience))


def _as_before(by: Any, holds: Callable[[Person], bool]) -> Callable[[], bool]:

    def ask() -> bool:
        if not isinstance(by, Person):
            return True
        person = Person.objects.filter(pk=by.pk, active=True).select_related("user").first()
        return person is not None and holds(person)

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
