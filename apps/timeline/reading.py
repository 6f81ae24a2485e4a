"""Events as values for programs and pages: one item of a timeline, one link of the record, and pages by number.

Who may read the inside is not known here: an app above registers the answer, because rights live above the timeline.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from apps.timeline.answers import Answer, Unacceptable, no
from apps.timeline.models import Event, EventQuerySet, Visibility

USUAL, MOST = 50, 200
LARGEST = 2**63 - 1


class Asked(HttpRequest):
    """A request that knows whose record is asked for; the middleware above sets it."""

    organisation: Any


_may_read: list[Callable[[Any], Answer]] = []


def readable_if(answer: Callable[[Any], Answer]) -> None:
    """Register who may read the whole record of their organisation; called once, from an app's ready()."""
    _may_read[:] = [answer]


def may_read_everything(request: HttpRequest) -> Answer:
    """Answer whether whoever asks may read internal events; no while nobody has registered."""
    return _may_read[0](request) if _may_read else no("Nobody may read the record yet.")


def for_outsiders(events: EventQuerySet) -> EventQuerySet:
    """Leave out everything that is internal."""
    return events.exclude(visibility=Visibility.INTERNAL)


def moment(at: datetime | None) -> str | None:
    """Write a time as RFC 3339 in UTC, to the microsecond, so that equal times compare equal."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def item(event: Event) -> dict[str, Any]:
    """Return one entry of a timeline as programs read it."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "occurred_at": moment(event.occurred_at),
        "recorded_at": moment(event.recorded_at),
        "actor": event.actor_name,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "subject": {"kind": event.subject_kind, "id": event.subject_id},
        "text": event.text,
        "details": event.details,
        "visibility": event.visibility,
    }


def link(event: Event) -> dict[str, Any]:
    """Return one entry of the record with what is needed to recompute its hash."""
    return {
        **item(event),
        "id": str(event.pk),
        "incident": str(event.incident_id) if event.incident_id else None,
        "revises": str(event.revises_id) if event.revises_id else None,
        "body": event.body,
        "previous_hash": bytes(event.previous_hash or b"").hex(),
        "hash": bytes(event.hash or b"").hex(),
    }


def page(request: HttpRequest, events: EventQuerySet, render: Callable[[Event], dict[str, Any]]) -> dict[str, Any]:
    """Return {"items", "next"} oldest first; `?after=` is the number of the last one seen. Raises Unacceptable."""
    after = number(request, "after", 0, LARGEST)
    limit = number(request, "limit", USUAL, MOST, least=1)
    found = list(events.after(after)[: limit + 1])
    more = str(found[limit - 1].seq) if len(found) > limit else None
    return {"items": [render(event) for event in found[:limit]], "next": more}


def number(request: HttpRequest, name: str, usual: int, most: int, least: int = 0) -> int:
    """Return a whole number of the query, `usual` when it is absent. Raises Unacceptable."""
    text = request.GET.get(name)
    if text is None or text == "":
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise Unacceptable(f"{name}: give a whole number from {least} to {most}.", field=name)
    return int(text)
