"""Which questions are open, and which of them one person could answer now."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import Person
from apps.approvals import permissions
from apps.approvals.models import Question


def waiting_for(person: Person) -> list[Question]:
    """Return the open questions that `person` could answer now, the most urgent first."""
    held = permissions.roles_of(person)
    found = open_in(person.organisation_id).exclude(requester=person).exclude(votes__person=person)
    return [question for question in found if _free_seat(question, held)]


def open_in(organisation_id: Any) -> QuerySet[Question]:
    """Return the open questions of an organisation with their seats and votes, the most urgent first."""
    return (
        Question.objects.filter(organisation_id=organisation_id, state="open", expires_at__gt=timezone.now())
        .select_related("requester")
        .prefetch_related("seats", "votes")
        .order_by("due_at", "expires_at")
    )


def _free_seat(question: Question, held: set[str]) -> bool:
    taken = {vote.seat_id for vote in question.votes.all()}
    return any(seat.pk not in taken and (not seat.roles or held & set(seat.roles)) for seat in question.seats.all())
