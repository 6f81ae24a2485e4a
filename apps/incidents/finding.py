"""Find what a page is about, in the reader's own organisation; whoever may not see the inside is told so."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.incidents.models import Incident
from apps.timeline.answers import Missing


def incident_of(request: Request, pk: UUID) -> Incident:
    """Return the incident of a page; the same 404 for a foreign and an unknown one. Raises Missing."""
    found = Incident.objects.visible_to(request.person).told().filter(pk=pk).first()
    if found is None:
        raise Missing("There is no such incident here. It may belong to another organisation.")
    return found


def inside_incident(request: Request, pk: UUID) -> Incident:
    """Return the incident for somebody who may see the inside. Raises Missing or Forbidden."""
    found = incident_of(request, pk)
    may(request.person, SEE_INTERNAL, found).or_refuse()
    return found
