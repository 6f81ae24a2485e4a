"""How the status page looks in a stream: one rendering for all who watch it, and nothing internal in it."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone

from apps.communications.status import status
from apps.incidents.models import Incident
from apps.timeline import stream
from apps.timeline.models import Event, Visibility

NEWEST_FIRST, OLDEST_FIRST = "status", "status-oldest-first"


def register() -> None:
    """Tell the stream how the status page looks."""
    stream.register(NEWEST_FIRST, concerns=_concerns, render=lambda key, audience: _status(key, False))
    stream.register(OLDEST_FIRST, concerns=_concerns, render=lambda key, audience: _status(key, True))


def context(incident: Incident, *, oldest_first: bool = False) -> dict[str, Any]:
    """Return the context of the fragment."""
    return {
        "status": status(incident, oldest_first=oldest_first),
        "oldest_first": oldest_first,
        "now": timezone.now(),
    }


def _concerns(event: Event, key: str) -> bool:
    return str(event.incident_id) == key and event.visibility != Visibility.INTERNAL


def _status(key: str, oldest_first: bool) -> str:
    incident = Incident.objects.told().get(pk=key)
    return render_to_string("communications/_status_partials.html", context(incident, oldest_first=oldest_first))
