"""Events as people read them in a timeline: time, icon, who, what. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.incidents.live import events_of
from apps.timeline.kinds import fine_kinds
from apps.timeline.models import Event

SHOWN = 40

ICONS = (
    ("incident.declared", "flag"),
    ("incident.noted", "message-square"),
    ("incident.resolved", "check"),
    ("incident.suspected", "search"),
    ("incident.recovery_begun", "undo-2"),
    ("question.approved", "thumbs-up"),
    ("question.rejected", "thumbs-down"),
    ("question.", "users"),
    ("rollback.proposed", "undo-2"),
    ("rollback.person_needed", "triangle-alert"),
    ("rollback.", "arrow-right"),
    ("environment.errors", "activity"),
    ("environment.", "pin"),
    ("deployment.", "rocket"),
    ("checklist.", "list-checks"),
    ("update.", "megaphone"),
    ("notice.", "mail"),
    ("freeze.", "snowflake"),
)


@dataclass(frozen=True)
class Entry:
    """One line; the names are those of `parts/_timeline_entry.html`."""

    id: str
    seq: int
    at: datetime
    icon: str
    actor: str
    text: str
    note: str
    visibility: str


def entry(event: Event) -> Entry:
    """Return an event as one line; the actor's name is taken out of the sentence where it begins with it."""
    note = str(event.details.get("note", "")) if event.kind == "incident.noted" else ""
    text = event.text
    named = bool(event.actor_name) and text.startswith(f"{event.actor_name} ")
    if named:
        text = text[len(event.actor_name) + 1 :]
    if note:
        text = "noted"
    return Entry(
        id=str(event.seq),
        seq=event.seq or 0,
        at=event.occurred_at,
        icon=next((icon for start, icon in ICONS if event.kind.startswith(start)), "info"),
        actor=event.actor_name if named else "",
        text=text,
        note=note,
        visibility=event.visibility,
    )


def newest(incident_id: Any, audience: str, *, oldest_first: bool = False) -> tuple[list[Entry], bool]:
    """Return the newest entries that matter, in the wanted order, and whether there are earlier ones.

    The small moves of the machine are left out; `before` has them all.
    """
    events = events_of(incident_id, audience).exclude(kind__in=fine_kinds())
    found = list(events.order_by("-seq")[: SHOWN + 1])
    entries = [entry(event) for event in found[:SHOWN]]
    return (entries[::-1] if oldest_first else entries), len(found) > SHOWN


def before(incident_id: Any, audience: str, seq: int) -> tuple[list[Entry], int | None]:
    """Return the entries before number `seq` (0: the newest), newest first, and the number to go on with."""
    events = events_of(incident_id, audience)
    found = list((events.filter(seq__lt=seq) if seq else events).order_by("-seq")[: SHOWN + 1])
    more = found[SHOWN - 1].seq if len(found) > SHOWN else None
    return [entry(event) for event in found[:SHOWN]], more
