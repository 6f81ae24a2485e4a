"""Break-glass for programs: they read and review it and switch it; only a person in a browser can use it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Status

from apps.accounts import programs
from apps.accounts.permissions import may_somewhere
from apps.accounts.rights import SEE_INTERNAL
from apps.approvals import break_glass
from apps.approvals.models import BreakGlass, Question
from apps.timeline.answers import Forbidden

router = Router(tags=["approvals"])

BROWSER_ONLY = (
    "Nobody acts alone by a token: break-glass is opened in the browser, where you prove again who you are. "
    "Nothing was started."
)


class Uses(programs.Listing):
    """Which uses to list."""


class Review(programs.Body):
    """What was done, and whether it was right."""

    review: str = Field(min_length=1, max_length=2000)


class Permission(programs.Body):
    """Whether one person may act alone here."""

    allowed: bool


@router.get("/break-glass", response=dict, summary="Who acted alone, the newest first")
def list_uses(request: HttpRequest, listing: Query[Uses]) -> dict[str, Any]:
    """Every use, with its reason and its review."""
    may_somewhere(programs.actor_of(request), SEE_INTERNAL).or_refuse()
    rows = break_glass.told(programs.actor_of(request).organisation_id)
    return programs.page(request, rows, order="-opened_at", render=as_json)


@router.post("/break-glass/permission", response={201: dict}, summary="Allow break-glass, or switch it off")
@programs.idempotent
def create_permission(request: HttpRequest, body: Permission) -> Status:
    """Only administrators; switching it off ends what is open."""
    programs.require_scope(request, programs.ADMIN)
    person = programs.person_of(request)
    organisation = break_glass.allow(person.organisation, by=person, allowed=body.allowed)
    return Status(201, {"allowed": organisation.break_glass_allowed})


@router.post("/break-glass/{id}/review", response={201: dict}, summary="Review what somebody else did alone")
@programs.idempotent
def create_review(request: HttpRequest, id: str, body: Review) -> Status:
    """It ends at once, and may be used again afterwards."""
    programs.require_scope(request, programs.WRITE)
    person = programs.person_of(request)
    row = break_glass.review(programs.find(BreakGlass, request, pk=id), by=person, text=body.review)
    return Status(201, as_json(row))


@router.post("/approvals/{id}/break-glass", response={201: dict}, summary="Refused: act alone only in the browser")
@programs.idempotent
def create_start(request: HttpRequest, id: str) -> Status:
    """Always 403 `forbidden`, with where to go instead."""
    question = programs.find(Question, request, pk=id)
    raise Forbidden(BROWSER_ONLY, approval=str(question.pk))


def as_json(row: BreakGlass) -> dict[str, Any]:
    """Return one use, what was started with it, and its review."""
    return {
        "id": str(row.pk),
        "person": row.person.email,
        "environment": str(row.environment_id),
        "reason": row.reason,
        "opened_at": row.opened_at,
        "ends_at": row.ends_at,
        "started": [str(question.pk) for question in row.questions.all()],
        "reviewed_at": row.reviewed_at,
        "reviewed_by": row.reviewed_by.email if row.reviewed_by else None,
        "review": row.review,
    }
