"""What one must have read, for programs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Status

from apps.accounts import programs
from apps.approvals import debts
from apps.approvals.models import Debt

router = Router(tags=["approvals"])


class Debts(programs.Listing):
    """Which debts to list."""


@router.get("/debts", response=dict, summary="What was done without asking me, until I have acknowledged it")
def list_debts(request: HttpRequest, listing: Query[Debts]) -> dict[str, Any]:
    """Only those of the token's person, the most urgent first."""
    owed = list(debts.owed_to(programs.person_of(request)))
    return programs.page_of_list(request, owed, render=as_json)


@router.post("/debts/{id}/acknowledgement", response={201: dict}, summary="Say that I have read what was done")
@programs.idempotent
def create_acknowledgement(request: HttpRequest, id: str) -> Status:
    """Only for oneself; saying it twice changes nothing."""
    programs.require_scope(request, programs.WRITE)
    person = programs.person_of(request)
    debt = debts.acknowledge(debts.find_debt(request, person, id), by=person)
    return Status(201, as_json(Debt.objects.select_related("question", "person").get(pk=debt.pk)))


def as_json(debt: Debt) -> dict[str, Any]:
    """Return a debt: who must have read what, until when."""
    return {
        "id": str(debt.pk),
        "approval": str(debt.question_id),
        "title": debt.question.title,
        "person": debt.person.email,
        "role": debt.role,
        "because": debt.because,
        "owed_at": debt.owed_at,
        "due_at": debt.due_at,
        "acknowledged_at": debt.acknowledged_at,
        "html_url": settings.BASE_URL + debt.question.url,
    }
