"""Take back questions about steps that nobody needs to answer any more: the step or its run has gone on without them.

Verbs do it in their own transaction; `withdraw_settled` finds what the run itself has settled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from apps.approvals import asking
from apps.approvals.models import Question
from apps.rollbacks import step_demands
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.states import FINAL, STEP_MOVES, RollbackState
from apps.timeline.log import SYSTEM

SKIP, ADOPT, RETRY = "rollback.skip", "rollback.adopt", "rollback.retry"
ABOUT_STEPS = (SKIP, ADOPT, RETRY, *step_demands.KINDS)
SETTLED = frozenset(state for state, moves in STEP_MOVES.items() if not moves)
OVER = FINAL | {RollbackState.CANCELLING}


def open_about(steps: Iterable[Any]) -> QuerySet[Question]:
    """Return the open questions about steps, which are given by their ids."""
    asked = Question.objects.filter(kind__in=ABOUT_STEPS, state="open", subject_kind="step")
    return asked.filter(subject_id__in=[str(pk) for pk in steps]).order_by("pk")


def hold(rollback: Rollback, position: int | None = None) -> list[Question]:
    """Lock the open questions of a run or one of its steps, and return them.

    Call it before the rollback is locked: whoever votes holds the question first and the rollback then, and two
    orders would lock each other out.
    """
    steps = Step.objects.filter(rollback_id=rollback.pk)
    if position is not None:
        steps = steps.filter(position=position)
    return list(open_about(steps.values_list("pk", flat=True)).select_for_update())


def withdraw(questions: Iterable[Question], *, by: Any, reason: str) -> None:
    """Take the questions back, with their votes, because of `reason`."""
    for question in questions:
        asking.void(question, by=by, reason=reason)


def withdraw_settled() -> int:
    """Take back every open question whose step is settled or whose run is over. Returns how many. Safe to repeat."""
    asked = Question.objects.filter(kind__in=ABOUT_STEPS, state="open").values_list("pk", "subject_id")
    about = {subject_id: pk for pk, subject_id in asked}
    found = Step.objects.filter(pk__in=about).select_related("rollback")
    reasons = {step: _why(step) for step in found}
    settled = [(step, reason) for step, reason in reasons.items() if reason]
    for step, reason in settled:
        withdraw(open_about([step.pk]), by=SYSTEM, reason=reason)
    return len(settled)


def _why(step: Step) -> str:
    if step.rollback.state in OVER:
        return f"{step.rollback.reference} is {step.rollback.get_state_display().lower()}"
    if step.state in SETTLED:
        return f"step {step.position} is {step.get_state_display().lower()}"
    return ""
