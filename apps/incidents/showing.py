"""An incident as programs read it: the whole of it for those who see the inside, else what its status page says."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.accounts.models import Person
from apps.deployments.models import Deployment
from apps.incidents.models import Incident
from apps.timeline.reading import moment


def as_json(incident: Incident, inside: bool) -> dict[str, Any]:
    """Return the incident for the API; without `inside` nothing that stakeholders may not read."""
    page = incident.get_absolute_url() if inside else incident.status_url
    public = {
        "id": str(incident.pk),
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.severity,
        "state": incident.state,
        "service": incident.service.slug,
        "environment": incident.environment.name,
        "started_at": moment(incident.started_at),
        "declared_at": moment(incident.declared_at),
        "resolved_at": moment(incident.resolved_at),
        "next_update_at": moment(incident.next_update_at),
        "externally_visible": incident.externally_visible,
        "html_url": settings.BASE_URL + page,
        "status_url": settings.BASE_URL + incident.status_url,
    }
    return {**public, **_inside(incident)} if inside else public


def _inside(incident: Incident) -> dict[str, Any]:
    return {
        "summary": incident.summary,
        "affected_users_percent": incident.affected_users_percent,
        "declared_by": _person(incident.declared_by),
        "commander": _person(incident.commander),
        "suspect": _release(incident.suspect),
    }


def _person(person: Person | None) -> dict[str, str] | None:
    return {"id": str(person.pk), "name": person.name} if person else None


def _release(release: Deployment | None) -> dict[str, str] | None:
    return {"id": str(release.pk), "reference": release.reference, "version": release.version} if release else None
