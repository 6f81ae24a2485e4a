"""Which questions are open, and which of them one person could answer now, or has answered."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import Person
from apps.approvals import permissions
from apps.approvals.models import Question, Vote
from apps.approvals.voters import voter
from apps.timeline.clock import database_now

ANSWERED = 10  # so many of one's own answers are shown


def waiting_for(person: Person) -> list[Question]:
    """Return the open questions that `person` could answer now, the most urgent first."""
    answered = Vote.objects.filter(person=person).values("question_id")
    found = open_in(person.organisation_id).exclude(requester=person).exclude(pk__in=answered)
    who, now = voter(person), database_now()
    return [question for question in found if permissions.seat_of(who, question, now)]


def answered_by(person: Person) -> list[Vote]:
    """Return the votes that `person` cast last, with their questions; also those they took back."""
    votes = Vote.ever.filter(person=person).select_related("question__requester").order_by("-cast_at")
    return list(votes[:ANSWERED])


def open_in(organisation_id: Any) -> QuerySet[Question]:
    """Return the open questions of an organisation with their seats and votes, the most urgent first."""
    return (
        Question.objects.filter(organisation_id=organisation_id, state="open", expires_at__gt=timezone.now())
        .select_related("requester")
        .prefetch_related("seats", "votes")
        .order_by("due_at", "expires_at")
    )
