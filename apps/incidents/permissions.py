"""Who may do what to an incident, with the reason when not."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may, may_somewhere
from apps.accounts.requests import Request
from apps.accounts.rights import DECLARE, SEE, SEE_INTERNAL
from apps.incidents.models import Incident
from apps.timeline.answers import Answer


def may_declare(by: Any, environment: Any = None) -> Answer:
    """Answer whether `by` may declare an incident in an environment, or anywhere when none is named yet."""
    return may_somewhere(by, DECLARE) if environment is None else may(by, DECLARE, environment)


def may_lead(by: Any, incident: Incident) -> Answer:
    """Answer whether `by` may change the incident: its severity, its state, its commander, its notes."""
    return may(by, DECLARE, incident)


def may_read_the_record(request: Request) -> Answer:
    """Answer whether whoever asks may read everything that was recorded: it is one chain, so all of it or nothing."""
    by = getattr(request, "actor", None) or request.person
    return may(by, SEE_INTERNAL) if may(by, SEE) else may(by, SEE)


def sees_inside(by: Any, incident: Incident | None = None) -> bool:
    """Say whether `by` sees more of an incident than its status page; without one, of any."""
    return bool(may_somewhere(by, SEE_INTERNAL) if incident is None else may(by, SEE_INTERNAL, incident))
