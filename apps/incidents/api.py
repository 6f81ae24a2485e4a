"""Incidents for programs: list, declare, read, resolve, and their timeline as pages and as a stream."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.accounts.seeing import inside_of
from apps.deployments.models import Service
from apps.incidents import lifecycle, live
from apps.incidents.models import Incident
from apps.incidents.permissions import sees_inside
from apps.incidents.showing import as_json
from apps.timeline import reading, stream

router = Router(tags=["incidents"])


class NewIncident(programs.Body):
    """Three facts are enough: what is broken, how bad, and where."""

    title: str = Field(description="What is broken, in a few words. Stakeholders read it.")
    severity: str = Field(description="P0, P1, P2 or P3")
    service: str = Field(description="The service's slug")
    environment: str = Field(description="The environment's name")
    summary: str = Field("", description="For those who work on it; stakeholders never read it.")
    started_at: datetime | None = None
    externally_visible: bool = False
    affected_users_percent: float | None = None


class Resolution(programs.Body):
    """Why it is over; stays inside."""

    note: str = ""


class Incidents(programs.Listing):
    """Which incidents to list, newest first."""

    state: str | None = None
    severity: str | None = None
    service: str | None = None
    q: str | None = Field(None, description="Words of the title or summary.")


class Pages(programs.Listing):
    """Pages by number, oldest first; `after` is the seq of the last event you have."""


@router.get("/incidents", response=dict, summary="List incidents, newest first")
def list_incidents(request: Request, listing: Query[Incidents]) -> dict[str, Any]:
    """Filters combine. A filter that fits nothing gives an empty list."""
    inside = inside_of(request.actor).everything
    rows = Incident.objects.filter(organisation=request.organisation).told()
    rows = rows.matching(listing.state, listing.severity, listing.service, listing.q, inside=inside)
    return programs.page(
        request, rows, order="-declared_at", render=lambda one: as_json(one, sees_inside(request.actor, one))
    )


@router.post("/incidents", response={201: dict}, summary="Declare an incident")
@programs.idempotent
def create_incident(request: Request, body: NewIncident) -> Status:
    """The person of the token leads it until somebody else takes command."""
    programs.require_scope(request, programs.WRITE)
    service = programs.refer(Service, request, "service", slug=body.service)
    environment = programs.refer(service.environments.all(), request, "environment", name=body.environment)
    given = body.model_dump(exclude={"service", "environment"})
    incident = lifecycle.declare(
        request.organisation, by=request.actor, service=service, environment=environment, **given
    )
    return Status(201, as_json(incident, inside=True))


@router.get("/incidents/{id}", response=dict, summary="One incident")
def get_incident(request: Request, id: str) -> dict[str, Any]:
    """The same 404 for a foreign and an unknown id."""
    incident = programs.find(Incident.objects.told(), request, pk=id)
    return as_json(incident, sees_inside(request.actor, incident))


@router.post("/incidents/{id}/resolution", response={201: dict}, summary="Resolve an incident")
@programs.idempotent
def create_resolution(request: Request, id: str, body: Resolution | None = None) -> Status:
    """409 while a rollback of it is under way, or when it is resolved already."""
    programs.require_scope(request, programs.WRITE)
    incident = programs.find(Incident.objects.told(), request, pk=id)
    lifecycle.resolve(incident, by=request.actor, note=body.note if body else "")
    return Status(201, as_json(Incident.objects.told().get(pk=incident.pk), inside=True))


@router.get("/incidents/{id}/timeline", response=dict, summary="What happened, oldest first")
def get_timeline(request: Request, id: str, listing: Query[Pages]) -> dict[str, Any]:
    """Whoever may not see the inside gets what stakeholders are told."""
    incident = programs.find(Incident, request, pk=id)
    events = live.events_of(incident.pk, live.audience_of(request.actor, incident))
    return reading.page(request, events, reading.item)


@router.get("/incidents/{id}/stream", summary="The timeline as server-sent events")
def get_stream(request: Request, id: str, after: int = 0) -> StreamingHttpResponse:
    """`id:` is the seq, `data:` the item as JSON on one line; goes on after `Last-Event-ID` or `?after=`."""
    incident = programs.find(Incident, request, pk=id)
    return live.item_stream(incident, request.actor, stream.cursor(request))
