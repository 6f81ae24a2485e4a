"""Updates for programs."""

from __future__ import annotations

from typing import Any

from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.approvals.models import Question
from apps.communications import agreeing, lifecycle
from apps.communications.models import Update, WaitingUpdate
from apps.communications.permissions import may_tell
from apps.communications.showing import as_json, waiting_as_json
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


@router.get("/incidents/{id}/waiting-updates", response=dict, summary="Words that wait for an agreement")
def list_waiting(request: Request, id: str, listing: Query[programs.Listing]) -> dict[str, Any]:
    """Oldest first; only for those who see the inside. `approval` is the question that others answer."""
    incident = programs.find(Incident, request, pk=id)
    may(request.actor, SEE_INTERNAL, incident).or_refuse()
    return programs.page(request, agreeing.waiting_for(incident), order="created_at", render=waiting_as_json)


@router.post("/waiting-updates/{id}/withdrawal", response={200: dict}, summary="Take one's own waiting words back")
@programs.idempotent
def create_withdrawal(request: Request, id: str) -> Status:
    """Only while nobody has decided; nothing was told then."""
    programs.require_scope(request, programs.WRITE)
    kept = programs.find(WaitingUpdate, request, pk=id)
    return Status(200, waiting_as_json(agreeing.take_back(kept, by=programs.person_of(request))))


@router.post("/incidents/{id}/updates", response={201: dict, 202: dict}, summary="Tell an audience something")
@programs.idempotent
def create_update(request: Request, id: str, body: NewUpdate) -> Status:
    """Stakeholders read it on the status page at once; 202 with `approval` where others must agree first."""
    programs.require_scope(request, programs.WRITE)
    incident = programs.find(Incident.objects.told(), request, pk=id)
    may_tell(request.actor, incident).or_refuse()
    text = body.text
    if not text and body.template:
        text = ready_text(incident, body.template).text
    if not text:
        raise Unacceptable("Give a text, or the name of a template.", field="text")
    outcome = lifecycle.post_update(
        incident,
        by=request.actor,
        audience=body.audience,
        text=text,
        next_update_minutes=body.next_update_minutes,
    )
    if isinstance(outcome, Question):
        kept = WaitingUpdate.objects.select_related("author", "incident", "question").get(question=outcome)
        return Status(202, waiting_as_json(kept))
    return Status(201, as_json(Update.objects.select_related("author", "incident").get(pk=outcome.pk)))
