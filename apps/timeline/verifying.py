"""Recompute the record's chains: every number, every body, every link. Reads only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.timeline.models import Event, Head

PAGE = 2000


@dataclass(frozen=True)
class Fault:
    """The first bad record of a chain, and what is wrong with it."""

    organisation_id: Any
    seq: int
    what: str


def genesis(organisation_id: Any) -> bytes:
    """Return the link before the first record of an organisation."""
    return hashlib.sha256(str(organisation_id).encode()).digest()


def link_of(previous: bytes, seq: int, body: str, actor_name: str, recorded_at: datetime) -> bytes:
    """Return the hash that a record must carry: SHA-256 over link before, number, the body's hash, actor, time."""
    return hashlib.sha256(
        previous
        + seq.to_bytes(8, "big")
        + hashlib.sha256(body.encode()).digest()
        + actor_name.encode()
        + microseconds(recorded_at).to_bytes(8, "big", signed=True)
    ).digest()


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970, without the rounding of floats."""
    past = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def verify(organisation_id: Any) -> tuple[int, Fault | None]:
    """Return how many records of an organisation were checked, and the first fault or None."""
    previous, expected, checked = genesis(organisation_id), 1, 0
    for event in _all(organisation_id):
        if fault := _fault(event, previous, expected):
            return checked, Fault(organisation_id, expected, fault)
        previous, expected, checked = bytes(event.hash or b""), expected + 1, checked + 1
    head = Head.objects.filter(organisation_id=organisation_id).first()
    if head and (head.seq != checked or bytes(head.hash) != previous):
        return checked, Fault(organisation_id, expected, "The newest records are missing: the head names another end.")
    return checked, None


def _all(organisation_id: Any) -> Iterator[Event]:
    after = 0
    while page := list(Event.objects.filter(organisation_id=organisation_id).after(after)[:PAGE]):
        yield from page
        after = page[-1].seq or 0


def _fault(event: Event, previous: bytes, expected: int) -> str:
    if event.seq != expected:
        return f"Number {expected} is missing; the next is {event.seq}."
    if bytes(event.previous_hash or b"") != previous:
        return "It does not follow the record before it."
    assert event.recorded_at is not None
    if link_of(previous, expected, event.body or "", event.actor_name, event.recorded_at) != bytes(event.hash or b""):
        return "Its hash does not fit its content."
    return _differs(event)


def _differs(event: Event) -> str:
    """The body is what was hashed; the columns must still say the same."""
    said = json.loads(event.body or "{}")
    shown = {
        "id": str(event.pk),
        "kind": event.kind,
        "text": event.text,
        "details": event.details,
        "visibility": event.visibility,
        "actor": str(event.actor_id) if event.actor_id else None,
        "actor_name": event.actor_name,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "incident": str(event.incident_id) if event.incident_id else None,
        "revises": str(event.revises_id) if event.revises_id else None,
        "occurred_at": microseconds(event.occurred_at),
    }
    different = [name for name, value in shown.items() if said.get(name) != value]
    return f"What it shows differs from what was recorded: {', '.join(different)}." if different else ""
