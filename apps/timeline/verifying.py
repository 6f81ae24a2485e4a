"""Recompute the record's chains: every number, every body, every link, every anchor. Reads only."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from apps.timeline.anchors import Anchor
from apps.timeline.models import Event, Head

PAGE = 5000
# One page of the chain. The database says whether the columns still say what was hashed; where they do not, we look.
ROWS = """
SELECT seq, body, actor_name, (extract(epoch FROM recorded_at) * 1000000)::bigint, previous_hash, hash,
  body = jsonb_build_object('id', id, 'kind', kind, 'text', text, 'details', details, 'visibility', visibility,
    'actor', actor_id, 'actor_name', actor_name, 'subject_kind', subject_kind, 'subject_id', subject_id,
    'incident', incident_id, 'revises', revises_id,
    'occurred_at', (extract(epoch FROM occurred_at) * 1000000)::bigint)::text
FROM timeline_event WHERE organisation_id = %s AND seq > %s AND seq <= %s ORDER BY seq LIMIT %s
"""
STRAY = "SELECT count(*) FILTER (WHERE seq <= %s), max(seq), count(*) - count(seq) FROM timeline_event"


@dataclass(frozen=True)
class Fault:
    """The first bad record of a chain, and what is wrong with it."""

    organisation_id: Any
    seq: int
    what: str


class Row(NamedTuple):
    """One record as it is hashed: `at` in microseconds since 1970; `same` while its columns say what was hashed."""

    seq: int
    body: str | None
    actor: str
    at: int | None
    previous: bytes | None
    hash: bytes | None
    same: bool | None


def genesis(organisation_id: Any) -> bytes:
    """Return the link before the first record of an organisation."""
    return hashlib.sha256(str(organisation_id).encode()).digest()


def link_of(previous: bytes, seq: int, body: str, actor_name: str, at: int) -> bytes:
    """Return the hash that a record must carry: SHA-256 over link before, number, the body's hash, actor, time."""
    return hashlib.sha256(
        previous
        + seq.to_bytes(8, "big")
        + hashlib.sha256(body.encode()).digest()
        + actor_name.encode()
        + at.to_bytes(8, "big", signed=True)
    ).digest()


def microseconds(moment: datetime) -> int:
    """Return whole microseconds since 1970, without the rounding of floats."""
    past = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def rows(organisation_id: Any, last: int) -> Iterator[Row]:
    """Yield the records of an organisation up to number `last`, in their order and in constant memory."""
    after = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(ROWS, [organisation_id, after, last, PAGE])
            if not (page := cursor.fetchall()):
                return
            yield from map(Row._make, page)
            after = page[-1][0]


def verify(organisation_id: Any, anchored: Iterable[Anchor] = ()) -> tuple[int, Fault | None]:
    """Return how many records of an organisation were checked, and the first fault or None.

    What is recorded meanwhile is left for the next time. `anchored` has to be read before this is called.
    """
    head = Head.objects.filter(organisation_id=organisation_id).first()
    last = head.seq if head else 0
    by_seq: dict[int, list[Anchor]] = defaultdict(list)
    for anchor in anchored:
        by_seq[anchor.seq].append(anchor)
    previous, checked, proven = genesis(organisation_id), 0, 0
    for row in rows(organisation_id, last):
        fault = _fault(row, previous, checked + 1) or _unlike(by_seq.get(row.seq, ()), row, proven)
        fault = fault or ("" if row.same else _differs(organisation_id, row.seq))
        if fault:
            return checked, Fault(organisation_id, checked + 1, fault)
        proven = row.seq if row.seq in by_seq else proven
        previous, checked = bytes(row.hash or b""), checked + 1
    end = _end(organisation_id, head, checked, previous) or _beyond(by_seq, checked)
    return checked, Fault(organisation_id, checked + 1, end) if end else None


def _fault(row: Row, previous: bytes, expected: int) -> str:
    if row.seq != expected:
        return f"Number {expected} is missing; the next is {row.seq}."
    if row.previous != previous:
        return "It does not follow the record before it."
    if row.at is None or link_of(previous, expected, row.body or "", row.actor, row.at) != row.hash:
        return "Its hash does not fit its content."
    return ""


def _unlike(anchors: Iterable[Anchor], row: Row, proven: int) -> str:
    for anchor in anchors:
        if anchor.hash != bytes(row.hash or b"").hex():
            return (
                f"It is not what was anchored at {anchor.at} (line {anchor.line} of the anchors): something after "
                f"number {proven} was rewritten."
            )
    return ""


def _end(organisation_id: Any, head: Head | None, checked: int, link: bytes) -> str:
    """Say what is wrong with the end of a chain: it ends where the head says, and nothing stands beside it."""
    if head and (head.seq != checked or bytes(head.hash) != link):
        return "The newest records are missing: the head names another end."
    with connection.cursor() as cursor:
        cursor.execute(f"{STRAY} WHERE organisation_id = %s", [checked, organisation_id])
        count, newest, unnumbered = cursor.fetchone()
    if unnumbered:
        return f"{unnumbered} records have no number: they were written past the chain."
    if count != checked:
        return "A number was given twice."
    now = Head.objects.filter(organisation_id=organisation_id).values_list("seq", flat=True).first() or 0
    return "There are records beyond the end that the head names." if (newest or 0) > now else ""


def _beyond(by_seq: dict[int, list[Anchor]], checked: int) -> str:
    if not (missing := [seq for seq in by_seq if seq > checked]):
        return ""
    anchor = by_seq[min(missing)][0]
    return (
        f"The newest records are missing: number {anchor.seq} was anchored at {anchor.at} "
        f"(line {anchor.line} of the anchors)."
    )


def _differs(organisation_id: Any, seq: int) -> str:
    """The body is what was hashed; the columns must still say the same."""
    event = Event.objects.get(organisation_id=organisation_id, seq=seq)
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
