"""The ladder of a question: whom to call after how many minutes while nobody has decided (S5-51)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import RoleHolding
from apps.approvals import events
from apps.approvals.models import Question, Rung
from apps.approvals.permissions import role_names
from apps.approvals.rules import listed
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record

AT_ONCE = 100


def raise_ladder(question: Question, ladder: Sequence[Mapping[str, Any]], asked_at: datetime) -> None:
    """Write one rung per entry of `ladder` ({"minutes", "roles"}), counted from when the question was asked."""
    ordered = sorted(ladder, key=lambda each: each["minutes"])
    Rung.objects.bulk_create(
        Rung(
            organisation_id=question.organisation_id,
            question=question,
            position=position,
            roles=list(each["roles"]),
            at=asked_at + timedelta(minutes=each["minutes"]),
        )
        for position, each in enumerate(ordered, start=1)
    )


def climb() -> int:
    """Mark the rungs whose time has come while their question is open, each once; returns how many."""
    now = database_now()
    due = Rung.objects.filter(question__state="open", question__expires_at__gt=now, at__lte=now, reached_at=None)
    questions = list(due.order_by("at").values_list("question_id", flat=True)[:AT_ONCE])
    return sum(_climb(pk, now) for pk in dict.fromkeys(questions))


@transaction.atomic
def _climb(question_id: Any, now: datetime) -> int:
    question = Question.objects.select_for_update(skip_locked=True).filter(pk=question_id, state="open").first()
    if question is None:
        return 0
    reached = list(question.rungs.filter(at__lte=now, reached_at=None))
    for rung in reached:
        rung.reached_at = now
        rung.save(update_fields=["reached_at"])
        _record(question, rung)
    return len(reached)


def _record(question: Question, rung: Rung) -> None:
    """Tell which roles are called, and who they are: what is delivered to them hangs on this event."""
    names = role_names(question.organisation_id)
    held = RoleHolding.objects.filter(
        organisation_id=question.organisation_id, role__slug__in=rung.roles, person__active=True
    )
    record(
        events.RUNG_REACHED, question, by=SYSTEM, incident=question.incident_id, title=question.title,
        roles=listed([names.get(role, role) for role in rung.roles], "and"), rung=rung.position, url=question.url,
        minutes=round((rung.at - question.asked_at).total_seconds() / 60),
        people=sorted({str(pk) for pk in held.values_list("person_id", flat=True)}),
    )  # fmt: skip
