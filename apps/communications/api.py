"""Updates for programs."""

from __future__ import annotations

from typing import Any

from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.communications import lifecycle
from apps.communications.models import Update
from apps.communications.permissions import may_tell
from apps.communications.showing import as_json
from apps.communications.wording import ready_text
from apps.incidents.models import Incident
from apps.incidents.permissions import sees_inside
from apps.timeline.answers import Unacceptable
from apps.timeline.models import Visibility

router = Router(tags=["communications"])


class NewUpdate(programs.Body):
    """A text, or the name of a template; a text wins."""

    audience: str = Field(description="internal, stakeholder or public")
    text: str = ""
    template: str | None = Field(None, description="The name of a message of the incident's playbook")
    next_update_minutes: int | None = Field(None, description="When they hear more, 1 to 10080 minutes from now")


@router.get("/incidents/{id}/updates", response=dict, summary="What was said")
def list_updates(request: Request, id: str, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Oldest first; internal ones only for those who see the inside."""
    incident = programs.find(Incident, request, pk=id)
    rows = Update.objects.filter(incident=incident).select_related("author", "incident")
    if not sees_inside(request.actor, incident):
        rows = rows.exclude(audience=Visibility.INTERNAL)
    return programs.page(request, rows, order="id", render=as_json)


@router.post("/incidents/{id}/updates", response={201: dict}, summary="Tell an audience something")
@programs.idempotent
def create_update(request: Request, id: str, body: NewUpdate) -> Status:
    """Stakeholders read it on the status page at once."""
    programs.require_scope(request, programs.WRITE)
    incident = programs.find(Incident.objects.told(), request, pk=id)
    may_tell(request.actor, incident).or_refuse()
    text = body.text
    if not text and body.template:
        text = ready_text(incident, body.template).text
    if not text:
        raise Unacceptable("Give a text, or the name of a template.", field="text")
    update = lifecycle.post_update(
        incident,
        by=request.actor,
        audience=body.audience,
        text=text,
        next_update_minutes=body.next_update_minutes,
    )
    return Status(201, as_json(Update.objects.select_related("author", "incident").get(pk=update.pk)))
