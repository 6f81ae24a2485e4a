"""Who may do what to an incident, with the reason when not."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import DECLARE, SEE_INTERNAL
from apps.incidents.models import Incident
from apps.timeline.answers import Answer


def may_declare(by: Any) -> Answer:
    """Answer whether `by` may declare an incident."""
    return may(by, DECLARE)


def may_lead(by: Any, incident: Incident) -> Answer:
    """Answer whether `by` may change the incident: its severity, its state, its commander, its notes."""
    return may(by, DECLARE, incident)


def may_read_the_record(request: Request) -> Answer:
    """Answer whether whoever asks, a person or a program, may read everything that was recorded."""
    return may(getattr(request, "actor", None) or request.person, SEE_INTERNAL)


def sees_inside(by: Any) -> bool:
    """Say whether `by` sees more of incidents than their status pages."""
    return bool(may(by, SEE_INTERNAL))
