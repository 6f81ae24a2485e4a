"""Checklists for programs: read those of an incident, tick an item."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.checklists import lifecycle
from apps.checklists.models import Checklist, Item, Tick
from apps.incidents.models import Incident
from apps.timeline.reading import moment

router = Router(tags=["checklists"])


class NewTick(programs.Body):
    """What somebody found."""

    result: str = Field(description="done, not_applicable or undone")
    note: str = ""
    evidence: str = ""


@router.get("/incidents/{id}/checklists", response=dict, summary="What people tick, with who, when and evidence")
def list_checklists(request: Request, id: str, listing: Query[programs.Listing]) -> dict[str, Any]:
    """In the order in which they were opened."""
    incident = programs.find(Incident, request, pk=id)
    may(request.actor, SEE_INTERNAL, incident).or_refuse()
    rows = Checklist.objects.filter(incident=incident).prefetch_related("items__ticks__person")
    return programs.page(request, rows, order="id", render=_checklist)


@router.post("/checklist-items/{id}/ticks", response={201: dict}, summary="Tick an item")
@programs.idempotent
def create_tick(request: Request, id: str, body: NewTick) -> Status:
    """Every tick is kept; the newest one counts."""
    programs.require_scope(request, programs.WRITE)
    item = programs.find(Item, request, pk=id)
    ticked = lifecycle.tick(item, by=programs.person_of(request), **body.model_dump())
    item = Item.objects.prefetch_related("ticks__person").get(pk=ticked.item_id)
    return Status(201, {**_tick(ticked), "item": _item(item)})


def _checklist(checklist: Checklist) -> dict[str, Any]:
    page = reverse("incidents:incident", args=[checklist.incident_id])
    return {
        "id": str(checklist.pk),
        "title": checklist.title,
        "incident": str(checklist.incident_id),
        "rollback": str(checklist.rollback_id) if checklist.rollback_id else None,
        "items": [_item(item) for item in checklist.items.all()],
        "html_url": f"{settings.BASE_URL}{page}#checklist-{checklist.pk}",
    }


def _item(item: Item) -> dict[str, Any]:
    newest = item.newest
    return {
        "id": str(item.pk),
        "position": item.position,
        "text": item.text,
        "hint": item.hint,
        "role": item.role or None,
        "due_at": moment(item.due_at),
        "state": item.state,
        "ticked": _tick(newest) if newest else None,
        "html_url": settings.BASE_URL + reverse("checklists:item", args=[item.pk]),
    }


def _tick(tick: Tick) -> dict[str, Any]:
    return {
        "id": str(tick.pk),
        "result": tick.result,
        "note": tick.note,
        "evidence": tick.evidence,
        "person": {"id": str(tick.person_id), "name": tick.person.name},
        "at": moment(tick.at),
    }
