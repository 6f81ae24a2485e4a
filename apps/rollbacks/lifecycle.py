"""What people do with a rollback, in the order of its life: vote, start, pause, resume, cancel.

How it is proposed and planned stands in `proposing`; what is decided about its steps in `operating`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question, Vote
from apps.deployments.models import Environment
from apps.incidents import lifecycle as incidents
from apps.rollbacks import events, permissions, unstoppable, waking, withdrawing
from apps.rollbacks.models import Rollback
from apps.rollbacks.moving import move
from apps.rollbacks.planned_words import sentence
from apps.rollbacks.rejudged import refuse_outdated
from apps.rollbacks.states import RollbackState
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record

KIND = "rollback.start"
MOVED = "Production has changed since this plan was made. Nothing was approved. Plan again, then decide."


def vote(
    rollback: Rollback, *, by: Person, decision: str, plan_hash: str, role: str = "", note: str = "",
    accepts: Sequence[str] = (), confirm: str = "",
) -> Vote:  # fmt: skip
    """Answer the rollback's question; the last needed vote starts the run in the same transaction.

    Raises Stale when production has moved since the plan was made, besides what `asking.vote` raises.
    """
    with transaction.atomic():
        rollback = lock_asked(rollback)
        if decision == "approve" and rollback.state == RollbackState.AWAITING_APPROVAL and is_stale(rollback):
            raise asking.Stale(MOVED, plan_hash=rollback.plan_hash)
        return asking.vote(
            rollback.question, by=by, decision=decision, content_hash=plan_hash, role=role, note=note, accepts=accepts,
            confirm=confirm,
        )  # fmt: skip


def is_stale(rollback: Rollback) -> bool:
    """Say whether something else has gone live since the plan was made."""
    live = Environment.objects.filter(pk=rollback.environment_id).values_list("live_id", flat=True).get()
    return live != rollback.previous_id


def start(question: Question, by: Any) -> None:
    """Start the run whose question has just been granted. The database counts the votes again, as they are now."""
    rollback = lock(Rollback.objects.get(question=question))
    if is_stale(rollback):
        raise asking.Stale(MOVED, plan_hash=rollback.plan_hash)
    if not question.break_glass_id:
        refuse_outdated(rollback)
    refuse_second(rollback)
    rollback.approved_at = database_now()
    rollback.wake_at = rollback.approved_at
    rollback.save(update_fields=["approved_at", "wake_at"])
    move(rollback, RollbackState.QUEUED)
    told = events.AUTHORISED if question.break_glass_id else events.STARTED
    record(told, rollback, by=by, incident=rollback.incident_id, title=question.title, rule="break-glass")
    begin(rollback, by)


def reject(question: Question, by: Any) -> None:
    """Close the rollback whose question was rejected."""
    rollback = lock(Rollback.objects.get(question=question))
    note = question.votes.filter(decision="reject").values_list("note", flat=True).first() or ""
    move(rollback, RollbackState.REJECTED, reason=note)
    record(events.REJECTED, rollback, by=by, incident=rollback.incident_id, title=question.title)


def expire(question: Question) -> None:
    """Close the rollback that nobody decided about in time."""
    rollback = lock(Rollback.objects.get(question=question))
    if rollback.state == RollbackState.AWAITING_APPROVAL:
        move(rollback, RollbackState.EXPIRED, reason="Nobody decided in time.")
        record(events.EXPIRED, rollback, by=SYSTEM, incident=rollback.incident_id, title=question.title)


@transaction.atomic
def pause(rollback: Rollback, *, by: Person, reason: str) -> Rollback:
    """Stop before the next request. What is under way is left to finish."""
    rollback = lock(rollback)
    permissions.may_operate(by, rollback).or_refuse()
    _or_conflict(permissions.can_pause(rollback), rollback)
    rollback.pause_requested = True
    rollback.wake_at = database_now()
    rollback.save(update_fields=["pause_requested", "wake_at"])
    why = _with_what_runs_on(rollback, _reason(reason))
    record(events.PAUSE_ASKED, rollback, by=by, incident=rollback.incident_id, reason=why)
    waking.wake(rollback)
    return rollback


@transaction.atomic
def resume(rollback: Rollback, *, by: Person, reason: str) -> Rollback:
    """Go on where it stopped; what the next step is about is looked at afresh first."""
    rollback = lock(rollback)
    permissions.may_operate(by, rollback).or_refuse()
    _or_conflict(permissions.can_resume(rollback), rollback)
    rollback.pause_requested = False
    rollback.wake_at = database_now()
    rollback.save(update_fields=["pause_requested", "wake_at"])
    if rollback.state == RollbackState.PAUSED:
        move(rollback, RollbackState.RUNNING)
    title = rollback.question.title
    record(events.RESUMED, rollback, by=by, incident=rollback.incident_id, title=title, reason=_reason(reason))
    waking.wake(rollback)
    return rollback


@transaction.atomic
def cancel(rollback: Rollback, *, by: Person, reason: str) -> Rollback:
    """Send nothing new. A request under way is cleared up first; what was applied stays and is named."""
    asked = withdrawing.hold(rollback)
    rollback = lock_asked(rollback)
    permissions.may_operate(by, rollback).or_refuse()
    _or_conflict(permissions.can_cancel(rollback), rollback)
    title, why = rollback.question.title, _reason(reason)
    if rollback.state == RollbackState.AWAITING_APPROVAL:
        asking.void(rollback.question, by=by, reason=why)
        move(rollback, RollbackState.CANCELLED, reason=f"Nothing was changed. {why}")
    else:
        rollback.cancel_requested = True
        rollback.wake_at = database_now()
        rollback.save(update_fields=["cancel_requested", "wake_at"])
        move(rollback, RollbackState.CANCELLING, reason=why)
        withdrawing.withdraw(asked, by=by, reason=f"{rollback.reference} is cancelled")
        waking.wake(rollback)
    why = _with_what_runs_on(rollback, why)
    record(events.CANCEL_ASKED, rollback, by=by, incident=rollback.incident_id, title=title, reason=why)
    return rollback


def lock(rollback: Rollback) -> Rollback:
    """Return the rollback fresh, with its row locked until the transaction ends.

    What it refers to is read afterwards: a row joined to the one that is waited for may be an older question.
    """
    Rollback.objects.select_for_update(no_key=True).get(pk=rollback.pk)
    return Rollback.objects.select_related("question", "incident", "organisation").get(pk=rollback.pk)


def lock_asked(rollback: Rollback) -> Rollback:
    """Lock the rollback's question and then the rollback, as whoever votes does: two orders would lock each other out.

    Raises Stale when it was planned again meanwhile.
    """
    asked = Rollback.objects.values_list("question_id", flat=True).get(pk=rollback.pk)
    Question.objects.select_for_update().get(pk=asked)
    rollback = lock(rollback)
    if rollback.question_id != asked:
        raise asking.Stale(
            "The plan changed at this moment. Nothing was done; read it again.", plan_hash=rollback.plan_hash
        )
    return rollback


def begin(rollback: Rollback, by: Any) -> None:
    """Let what follows from a start begin: the incident's recovery, and a worker's hint."""
    if rollback.kind == "rollback":
        incidents.begin_recovery(rollback.incident, by=by)
    waking.wake(rollback)


def refuse_second(rollback: Rollback) -> None:
    """Raise Refused while another rollback holds the environment; the database refuses it as well."""
    other = Rollback.objects.active().filter(environment_id=rollback.environment_id).exclude(pk=rollback.pk).first()
    if other:
        raise Refused(
            f"{other.reference} is under way in {other.environment}. Nothing was started; wait for it or cancel it.",
            code="environment_busy",
            state=rollback.state,
        )


def _with_what_runs_on(rollback: Rollback, reason: str) -> str:
    """Return a reason, and what cannot be stopped any more where something runs at its provider."""
    runs_on = unstoppable.of_run(rollback)
    return f"{sentence(reason)} {runs_on}" if runs_on else reason


def _or_conflict(answer: Any, rollback: Rollback) -> None:
    if not answer:
        raise Refused(answer.because, state=rollback.state)


def _reason(text: str) -> str:
    if not text.strip():
        raise Unacceptable("Say why, in a few words: it goes into the record.", field="reason")
    return text.strip()[:500]
