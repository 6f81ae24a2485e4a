"""A step that needs people first: the engine asks them when its turn comes, rests, and goes on once they have agreed.

That nothing of the step is sent before is kept by Postgres (migration 0008), not here.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from apps.approvals import asking
from apps.approvals.asking import Fact
from apps.approvals.models import Question
from apps.rollbacks import ending, events, waking
from apps.rollbacks.approved import steps_of
from apps.rollbacks.held import HeldRun
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.planned_words import by_whom, detail, is_final, losses_of, sentence
from apps.rollbacks.standing import ranges, standing_of
from apps.rollbacks.states import ACTIVE, Agreement, RollbackState, StepState
from apps.rollbacks.step_demands import kind_of
from apps.rollbacks.withdrawing import OVER
from apps.timeline.answers import Refused
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from apps.timeline.writing import update

REFUSED = frozenset({"rejected", "expired", "void"})


def ask_people(held: HeldRun, position: int) -> None:
    """Ask the people of a step whose turn has come, once; unless the run was stopped at this very moment."""
    with held.fenced() as run:
        step = held.steps[position]
        stopped = run.state != RollbackState.RUNNING or run.pause_requested or run.cancel_requested
        if stopped or step.agreement != Agreement.NEEDED:
            return
        step.question = _ask(run, step, held.planned[position].said)
        step.agreement = Agreement.ASKED
        update(step, ("agreement", "question"))
        record(
            events.AGREEMENT_ASKED, run, by=SYSTEM, incident=run.incident_id, position=position, name=step.name,
            question=str(step.question.pk),
        )  # fmt: skip


def grant(question: Question, by: Any) -> None:
    """Let the step begin: everybody whom the plan names has agreed. Raises Refused when the run has moved on."""
    rollback, step = _locked(question)
    if rollback.state in OVER or step.state != StepState.PENDING or step.question_id != question.pk:
        raise Refused(
            f"{rollback.reference} has gone on without this question. Nothing was changed; read it again.",
            state=rollback.state,
        )
    step.agreement, step.message = Agreement.GRANTED, ""
    step.save(update_fields=["agreement", "message"])
    record(
        events.AGREED, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        question=str(question.pk),
    )  # fmt: skip
    _wake(rollback)


def reject(question: Question, by: Any) -> None:
    """Stop before the step: somebody said no, so a person says how to go on."""
    note = question.votes.filter(decision="reject").values_list("note", flat=True).first() or ""
    _refuse(question, by, f"{by.name} says no: “{note}”" if note else f"{by.name} says no.")


def expire(question: Question) -> None:
    """Stop before the step: its people have not answered in time."""
    _refuse(question, SYSTEM, "Nobody decided in time.")


def refuse_taken_back() -> int:
    """Stop the runs whose question about a step was taken back by something else than the run. Safe to repeat."""
    active = sorted(ACTIVE - OVER)
    rows = Step.objects.filter(agreement=Agreement.ASKED, state=StepState.PENDING, rollback__state__in=active)
    lost = list(rows.filter(question__state__in=sorted(REFUSED)).select_related("question"))
    for step in lost:
        assert step.question is not None  # it was found by its question's state
        with transaction.atomic():
            _refuse(step.question, SYSTEM, "The question was taken back.")
    return len(lost)


def facts(question: Question) -> list[Fact]:
    """Return what those who agree to a step should know: what it does, what stands already, what a no means."""
    step = Step.objects.select_related("rollback__plan").get(pk=question.subject_id)
    steps = list(step.rollback.steps.prefetch_related("attempts"))
    said = steps_of(step.rollback)[step.position].said
    done = ranges(standing_of(steps).applied)
    found = [] if step.kind == "gate" else [Fact("What it does", f"{by_whom(said)}: {detail(said)}")]
    if undo := said.get("undo"):
        found.append(Fact("Undo", undo))
    return [
        *found,
        Fact("Applied so far", f"Step{'' if done.isdigit() else 's'} {done}" if done else "Nothing"),
        Fact("If you agree", "The run goes on at once, by itself."),
        Fact("If you do not", "Nothing of it is sent. A person asks again, puts back what was done, or cancels."),
    ]  # fmt: skip


def _ask(run: Rollback, step: Step, said: Any) -> Question:
    demand = said["approvals"]
    return asking.ask(
        organisation=run.organisation,
        kind=kind_of(step.kind),
        title=f"{run.reference}, step {step.position}: {step.name}"[:300],
        url=reverse("rollbacks:detail", args=[run.pk]),
        subject=step,
        requester=run.requester,
        content=_content(run, step.position),
        rule=demand,
        due_minutes=demand["due_minutes"],
        expires_minutes=demand["expires_minutes"],
        ladder=demand["ladder"],
        right=demand["right"],
        incident=run.incident,
        environment=run.environment,
        losses=losses_of(said),
        confirm=run.service.slug if is_final(said) else "",
        rule_reason=demand["because"][:300],
    )


def _content(run: Rollback, position: int) -> bytes:
    """Return the content as Postgres will compare it: the run, the plan's hash, the position, the step's digest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT step_content(%s, %s, %s)", [run.organisation_id, run.pk, position])
        return str(cursor.fetchone()[0]).encode()


def _locked(question: Question) -> tuple[Rollback, Step]:
    step = Step.objects.select_related("rollback").get(pk=question.subject_id, organisation_id=question.organisation_id)
    rollback = lock(step.rollback)
    return rollback, Step.objects.get(pk=step.pk)


def _refuse(question: Question, by: Any, why: str) -> None:
    rollback, step = _locked(question)
    current = step.agreement == Agreement.ASKED and step.question_id == question.pk
    if not current or step.state != StepState.PENDING or rollback.state in OVER:
        return
    reason = f"Step {step.position} was not agreed on. {sentence(why)}"
    step.agreement, step.message = Agreement.REFUSED, reason
    step.save(update_fields=["agreement", "message"])
    record(
        events.NOT_AGREED, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        reason=reason,
    )  # fmt: skip
    if rollback.state == RollbackState.RUNNING:
        ending.put_question(rollback, step, reason)
    _wake(rollback)


def _wake(rollback: Rollback) -> None:
    rollback.wake_at = database_now()
    rollback.save(update_fields=["wake_at"])
    waking.wake(rollback)
