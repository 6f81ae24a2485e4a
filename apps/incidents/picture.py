"""The chart of an incident and the figures beside it: what the outside saw, with the deeds marked in it.

Who measures is not known here: the app that does registers itself, and so does every event worth a mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.deployments.models import Deployment, Environment
from apps.incidents import events
from apps.incidents.models import Incident
from apps.timeline.models import Event

LEAD_IN = timedelta(minutes=10)  # how much calm is shown before the trouble
LONGEST = timedelta(days=7)
MOST_MARKS = 12

Point = tuple[datetime, float | None]


@dataclass(frozen=True)
class Readings:
    """What is measured now and was before the release; None where nothing was. Percent of requests and milliseconds."""

    now_percent: float | None = None
    before_percent: float | None = None
    slowest_ms: int | None = None
    before_slowest_ms: int | None = None
    version: str = ""
    at: datetime | None = None
    stale: bool = True
    detail: str = ""


@dataclass(frozen=True)
class Measuring:
    """Who measures an environment: the series of failed percent, and the figures of now and before."""

    series: Callable[[Environment, datetime, datetime], list[Point]]
    readings: Callable[[Environment, datetime | None, datetime], Readings]


@dataclass(frozen=True)
class Mark:
    """How a kind of event is written in the chart. `short` is for phones."""

    label: str
    short: str = ""
    dotted: bool = False


@dataclass(frozen=True)
class Picture:
    """Everything the chart needs; the names are those of the `error_chart` tag."""

    points: list[Point]
    marks: list[dict[str, Any]]
    limit: float
    now: datetime
    readings: Readings = field(default_factory=Readings)

    @property
    def failing(self) -> bool:
        """Say whether errors are above the limit now."""
        return above(self.readings, self.limit)


_measuring: list[Measuring] = []
MARKS: dict[str, Mark] = {events.DECLARED.name: Mark("Declared")}


def measure_with(measuring: Measuring) -> None:
    """Register who measures; called once, from that app's ready()."""
    _measuring[:] = [measuring]


def mark(kind: str, label: str, *, short: str = "", dotted: bool = False) -> None:
    """Have events of this kind (its name) marked in the chart; called from an app's ready()."""
    MARKS[kind] = Mark(label, short, dotted)


def picture(incident: Incident, suspect: Deployment | None = None, now: datetime | None = None) -> Picture:
    """Return what the outside saw of an incident, with the release, the deeds and the figures. Four queries."""
    now = min(now or timezone.now(), incident.resolved_at or timezone.now())
    live_at = suspect.deployed_at if suspect else None
    since = max(min(filter(None, (live_at, incident.started_at))) - LEAD_IN, now - LONGEST)
    place = incident.environment
    limit = place.error_limit_percent
    if not _measuring:
        return Picture([], [], limit, now)
    points = _measuring[0].series(place, since, now)
    return Picture(points, _marks(incident, suspect, since), limit, now, _measuring[0].readings(place, live_at, now))


def measured(incident: Incident, now: datetime | None = None) -> Readings:
    """Return only the figures of now, for whoever draws no chart. Two queries."""
    if not _measuring:
        return Readings()
    return _measuring[0].readings(incident.environment, None, now or timezone.now())


def above(readings: Readings, limit: float) -> bool:
    """Say whether errors are above the limit, as far as it was measured lately."""
    return readings.now_percent is not None and not readings.stale and readings.now_percent > limit


def _marks(incident: Incident, suspect: Deployment | None, since: datetime) -> list[dict[str, Any]]:
    found = Event.objects.of_incident(incident.pk).filter(kind__in=MARKS).order_by("-occurred_at")[:MOST_MARKS]
    marks = [
        {
            "at": event.occurred_at,
            "label": m.label,
            "short": m.short or m.label,
            "dotted": m.dotted,
            "kind": event.kind,
        }
        for event in list(found)[::-1]
        if (m := MARKS[event.kind])
    ]
    if suspect and suspect.deployed_at >= since:
        marks.insert(0, {"at": suspect.deployed_at, "label": suspect.version, "rest": "live", "kind": "deployed"})
    return marks
