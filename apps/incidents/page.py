"""The page of one incident: its situation, rollbacks, checklists and timeline. The same for page and stream."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.accounts.models import Person
from apps.incidents.live import INSIDE
from apps.incidents.models import Incident
from apps.incidents.situation import situation
from apps.incidents.telling import newest


def context(incident: Incident, person: Person | None = None, *, oldest_first: bool = False) -> dict[str, Any]:
    """Return the context of the fragments of an incident's page."""
    entries, earlier = newest(incident.pk, INSIDE, oldest_first=oldest_first)
    return {
        "one": situation(incident, person),
        "incident": incident,
        "rollbacks": list(incident.rollbacks.select_related("target", "requester").order_by("-proposed_at")),
        "checklists": list(incident.checklists.prefetch_related("items__ticks__person")),
        "entries": entries,
        "earlier": earlier,
        "oldest_first": oldest_first,
        "now": timezone.now(),
    }


def read(pk: Any, *, oldest_first: bool = False) -> dict[str, Any]:
    """Return the same context by the incident's id, as the stream knows it."""
    return context(Incident.objects.told().get(pk=pk), oldest_first=oldest_first)
