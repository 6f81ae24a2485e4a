"""What time does to questions: past due they are told about once, past their end they expire."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.approvals import debts, events, ladder, permissions, substitutes
from apps.approvals.deciding import DECIDED, close
from apps.approvals.models import Question
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record


def close_overdue() -> int:
    """End every question whose time is up, and tell once of whatever is past its due time. Returns how many changed."""
    now = database_now()
    open_questions = Question.objects.filter(state="open")
    expired = list(open_questions.filter(expires_at__lte=now).values_list("pk", flat=True)[:100])
    overdue = open_questions.filter(due_at__lte=now, overdue_recorded_at=None, expires_at__gt=now)
    late = list(overdue.values_list("pk", flat=True)[:100])
    changed = sum(_expire(pk) for pk in expired) + sum(_tell_overdue(pk) for pk in late)
    return changed + ladder.climb() + debts.tell_overdue()


@transaction.atomic
def _expire(pk: Any) -> int:
    question = Question.objects.select_for_update(skip_locked=True).filter(pk=pk, state="open").first()
    if question is None:
        return 0
    close(question, "expired")
    record(events.EXPIRED, question, by=SYSTEM, incident=question.incident_id, title=question.title)
    handlers = DECIDED.get(question.kind)
    if handlers and handlers.expired:
        handlers.expired(question)
    return 1


@transaction.atomic
def _tell_overdue(pk: Any) -> int:
    found = Question.objects.select_for_update(skip_locked=True).filter(pk=pk, state="open", overdue_recorded_at=None)
    question = found.first()
    if question is None:
        return 0
    question.overdue_recorded_at = database_now()
    question.save(update_fields=["overdue_recorded_at"])
    missing = permissions.needed_roles(question)
    people, words = substitutes.now_standing_in(question)
    record(
        events.OVERDUE,
        question,
        by=SYSTEM,
        incident=question.incident_id,
        title=question.title,
        missing=missing,
        standing_in=f". {words}" if words else "",
        substitutes=people,
        url=question.url,
    )
    return 1
