"""What stakeholders read about an incident: plain words, phases, what is affected, what was said. Never the inside.

Everything here comes from the incident's public facts, from updates to stakeholders or the public, and from the
outside probe. Notes, summaries, causes and names of releases are not read at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.communications.models import Update
from apps.incidents import events
from apps.incidents.models import Incident
from apps.incidents.picture import Readings, above, measured
from apps.incidents.situation import share_in_words
from apps.incidents.states import IncidentState
from apps.timeline import reading
from apps.timeline.models import Event, Visibility

S = IncidentState
BEGUN = {
    S.INVESTIGATING: events.DECLARED.name,
    S.IDENTIFIED: events.IDENTIFIED.name,
    S.ROLLING_BACK: events.RECOVERY_BEGUN.name,
    S.MONITORING: events.MONITORED.name,
    S.RESOLVED: events.RESOLVED.name,
}
WORDS = {
    S.INVESTIGATING: "We are looking into it.",
    S.IDENTIFIED: "We know where it comes from and are putting it right.",
    S.ROLLING_BACK: "We are putting the previous version back. You do not need to do anything.",
    S.MONITORING: "The previous version is back. We are watching it before we call it solved.",
    S.RESOLVED: "It works again. You do not need to do anything.",
}
LEAD_IN = timedelta(minutes=2)


@dataclass(frozen=True)
class Phase:
    """One of the five phases: `state` is past, current or next; `at` is when it last began, where it did."""

    name: str
    label: str
    state: str
    at: datetime | None


@dataclass(frozen=True)
class Affected:
    """One part of the product, how it does now, and how it did: the names are those of the `impact_bar` tag."""

    name: str
    state: str
    segments: list[dict[str, Any]]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Status:
    """The whole status page."""

    incident: Incident
    phases: list[Phase]
    feels: str
    says: str
    affected: Affected
    updates: list[Update]
    next_update_at: datetime | None
    overdue: bool

    @property
    def last(self) -> Update | None:
        """The newest update."""
        return max(self.updates, key=lambda update: update.created_at, default=None)


def status(incident: Incident, *, oldest_first: bool = False, now: datetime | None = None) -> Status:
    """Return the status page of an incident (with its service and environment loaded)."""
    now = now or timezone.now()
    began = _began(incident)
    seen = measured(incident, now)
    failing = above(seen, incident.environment.error_limit_percent)
    outside = incident.updates.exclude(audience=Visibility.INTERNAL).select_related("author")
    due = incident.next_update_at if incident.state != S.RESOLVED else None
    return Status(
        incident=incident,
        phases=_phases(incident, began),
        feels=share_in_words(seen.now_percent) if failing and not incident.resolved_at else "",
        says=WORDS[S(incident.state)],
        affected=_affected(incident, began, _component(incident, seen, failing), now),
        updates=list(outside.order_by("created_at" if oldest_first else "-created_at")),
        next_update_at=due,
        overdue=bool(due and due < now),
    )


def _began(incident: Incident) -> dict[str, datetime]:
    """Return when each phase last began, by the event that tells it."""
    told = reading.for_outsiders(Event.objects.filter(incident=incident, kind__in=BEGUN.values()))
    return {event.kind: event.occurred_at for event in told.order_by("seq")}


def _phases(incident: Incident, began: dict[str, datetime]) -> list[Phase]:
    order = list(BEGUN)
    here = order.index(S(incident.state))
    found = []
    for place, phase in enumerate(order):
        state = "current" if place == here else "past" if place < here else "next"
        if incident.state == S.RESOLVED and place == here:
            state = "past"
        at = began.get(BEGUN[phase]) if place <= here else None
        found.append(Phase(phase.value, phase.label, state, at))
    return found


def _affected(incident: Incident, began: dict[str, datetime], state: str, now: datetime) -> Affected:
    start = incident.started_at
    recovering = began.get(events.MONITORED.name) if incident.state in (S.MONITORING, S.RESOLVED) else None
    until = incident.resolved_at or now
    whole = incident.severity in ("P0", "P1")
    segments = [{"state": "failing" if whole else "partly", "since": start, "until": recovering or until}]
    if recovering:
        segments.append({"state": "partly", "since": recovering, "until": until})
    return Affected(
        name=incident.service.name,
        state=state,
        segments=segments,
        start=start - LEAD_IN,
        end=max(now, start + LEAD_IN) if not incident.resolved_at else incident.resolved_at + LEAD_IN,
    )


def _component(incident: Incident, seen: Readings, failing: bool) -> str:
    if incident.state == S.RESOLVED:
        return "working"
    known = seen.now_percent is not None and not seen.stale
    if incident.state == S.MONITORING or (incident.state == S.ROLLING_BACK and known and not failing):
        return "recovering"
    return "failing" if incident.severity in ("P0", "P1") else "degraded"
