"""What a superuser of Postgres could do to the record, triggers switched off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from apps.timeline.kinds import KINDS, Kind, kind
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from apps.timeline.verifying import link_of, microseconds


def noted() -> Kind:
    """Return a kind of event for tests."""
    return KINDS.get("test.noted") or kind("test.noted", "{actor} noted {what}")


def tell(organisation: Any, count: int, about: str = "line") -> None:
    """Record so many events, each in a transaction of its own."""
    for number in range(count):
        with transaction.atomic():
            record(noted(), organisation, by=SYSTEM, what=f"{about} {number}")


def last(organisation: Any) -> Event:
    """Return the newest event."""
    return Event.objects.filter(organisation=organisation).order_by("-seq")[0]


@contextmanager
def unguarded() -> Iterator[Any]:
    """A cursor for which the record is an ordinary table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE timeline_event DISABLE TRIGGER event_never_changes")
        yield cursor
        cursor.execute("ALTER TABLE timeline_event ENABLE TRIGGER event_never_changes")


def rewrite(organisation: Any, seq: int, text: str) -> None:
    """Change what a record says and recompute every link from there on, so that the chain is whole again."""
    events = list(Event.objects.filter(organisation=organisation, seq__gte=seq).order_by("seq"))
    link = bytes(events[0].previous_hash or b"")
    with unguarded() as cursor:
        for event in events:
            assert event.body
            assert event.recorded_at
            body, said = event.body, event.text
            if event.seq == seq:
                said = text
                cursor.execute("SELECT (%s::jsonb || %s::jsonb)::text", [body, json.dumps({"text": text})])
                body = cursor.fetchone()[0]
            before, link = link, link_of(link, event.seq or 0, body, event.actor_name, microseconds(event.recorded_at))
            cursor.execute(
                "UPDATE timeline_event SET text = %s, body = %s, previous_hash = %s, hash = %s WHERE id = %s",
                [said, body, before, link, event.pk],
            )
        cursor.execute("UPDATE timeline_head SET hash = %s WHERE organisation_id = %s", [link, organisation.pk])


def cut_short(organisation: Any, seq: int) -> None:
    """Take away every record after `seq` and let the head say that it is the last."""
    with unguarded() as cursor:
        cursor.execute("DELETE FROM timeline_event WHERE organisation_id = %s AND seq > %s", [organisation.pk, seq])
        cursor.execute(
            "UPDATE timeline_head h SET seq = e.seq, hash = e.hash FROM timeline_event e "
            "WHERE e.organisation_id = h.organisation_id AND e.seq = %s AND h.organisation_id = %s",
            [seq, organisation.pk],
        )
