"""What people decide about a step when the run cannot go on alone: try again, leave out, take as done, do it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Person, Role
from apps.accounts.rights import OPERATE
from apps.approvals import asking
from apps.approvals.models import Question
from apps.rollbacks import events, permissions, waking
from apps.rollbacks.approved import steps_of
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move, move_step
from apps.rollbacks.states import FINAL, OPEN, RollbackState, StepState
from apps.timeline.answers import Missing, Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.log import record

SKIP, ADOPT = "rollback.skip", "rollback.adopt"


@transaction.atomic
def retry(rollback: Rollback, position: int, *, by: Person, reason: str) -> Step:
    """Allow another attempt of a step that needs a person. The outside is looked at again before anything is sent.

    Raises Refused while an attempt is still unclear, and for an action nobody can observe: that one is not repeated.
    """
    rollback, step = _stuck(rollback, position, by, reason)
    newest = step.attempts.order_by("-number").first()
    unrepeatable = step.kind == "action" and steps_of(rollback)[position].said["idempotency_class"] == "D"
    if newest and newest.state == "conflict" and unrepeatable:
        raise Refused("Nobody can see whether it worked, so it is not sent again. Take it as done, or leave it out.")
    step.allowed_after = newest.number if newest else 0
    step.save(update_fields=["allowed_after"])
    if step.state != StepState.RUNNING:
        move_step(step, StepState.RUNNING, message="")
    record(events.RETRIED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason)
    _go_on(rollback)
    return step


@transaction.atomic
def ask_to_skip(rollback: Rollback, position: int, *, by: Person, reason: str) -> Question:
    """Ask to leave a step out. That changes what was approved, so the same people must agree again."""
    rollback, step = _stuck(rollback, position, by, reason, also={StepState.PENDING})
    question = _ask(SKIP, rollback, step, by, reason, f"Leave out step {position}: {step.name}", rollback.question.rule)
    record(events.SKIP_ASKED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason)
    return question


@transaction.atomic
def ask_to_adopt(rollback: Rollback, position: int, *, by: Person, reason: str, evidence: str) -> Question | Step:
    """Say that a step has happened. For a step of ours a second person must agree; a person's own step is just done."""
    rollback, step = _stuck(rollback, position, by, reason, also={StepState.RUNNING})
    if not evidence.strip():
        raise Unacceptable("Say how you know: a link, a number, what you saw.", field="evidence")
    if step.kind == "human":
        move_step(step, StepState.SUCCEEDED, message=f"{reason} {evidence}".strip())
        record(
            events.HUMAN_DONE, rollback, by=by, incident=rollback.incident_id, position=position, name=step.name,
            reason=reason, evidence=evidence,
        )  # fmt: skip
        _go_on(rollback)
        return step
    rule = {"any_of": roles_that_operate(rollback), "needed": 1}
    question = _ask(
        ADOPT,
        rollback,
        step,
        by,
        f"{reason} Evidence: {evidence}",
        f"Step {position} has happened: {step.name}",
        rule,
    )
    record(
        events.ADOPTION_ASKED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason,
        evidence=evidence,
    )  # fmt: skip
    return question


def skip(question: Question, by: Any) -> None:
    """Leave the step out: the people who approved the plan have agreed to it."""
    rollback, step = _of(question)
    move_step(step, StepState.SKIPPED, message=question.rule_reason)
    record(
        events.SKIPPED, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        reason=question.rule_reason,
    )  # fmt: skip
    _go_on(rollback)


def adopt(question: Question, by: Any) -> None:
    """Take the step as done, on the word of two people. It is recorded as an attestation, not as a success we saw."""
    rollback, step = _of(question)
    move_step(step, StepState.SUCCEEDED, message=f"Taken as done on people's word: {question.rule_reason}")
    record(
        events.ADOPTED, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        reason=question.rule_reason,
    )  # fmt: skip
    _go_on(rollback)


def roles_that_operate(rollback: Rollback) -> list[str]:
    """Return the roles of the organisation whose holders may decide about steps."""
    found = Role.objects.filter(organisation_id=rollback.organisation_id, rights__contains=[OPERATE])
    return list(found.order_by("slug").values_list("slug", flat=True))


def _stuck(
    rollback: Rollback, position: int, by: Person, reason: str, also: frozenset[str] | set[str] = frozenset()
) -> tuple[Rollback, Step]:
    rollback = lock(rollback)
    permissions.may_operate(by, rollback).or_refuse()
    if not reason.strip():
        raise Unacceptable("Say why, in a few words: it goes into the record.", field="reason")
    step = Step.objects.filter(rollback=rollback, position=position).first()
    if step is None:
        raise Missing("There is no such step.")
    if rollback.state in FINAL or rollback.state == RollbackState.AWAITING_APPROVAL:
        raise Refused(f"{rollback.reference} is {rollback.get_state_display().lower()}.", state=rollback.state)
    if step.state not in {StepState.UNKNOWN, StepState.FAILED, *also}:
        raise Refused(
            f"Step {position} is {step.get_state_display().lower()}, so there is nothing to decide.",
            state=step.state,
        )
    if Attempt.objects.filter(rollback=rollback, state__in=sorted(OPEN)).exists():
        raise Refused("A request is still being cleared up. Wait until it is, then decide.", state=rollback.state)
    return rollback, step


def _ask(kind: str, rollback: Rollback, step: Step, by: Person, reason: str, title: str, rule: Any) -> Question:
    if not (rule.get("all_of") or rule.get("any_of")):
        rule = {"any_of": roles_that_operate(rollback), "needed": 1}
    content = {
        "kind": kind,
        "rollback": str(rollback.pk),
        "plan": rollback.plan_hash,
        "position": step.position,
        "reason": reason,
    }
    return asking.ask(
        organisation=rollback.organisation,
        kind=kind,
        title=title,
        url=reverse("rollbacks:detail", args=[rollback.pk]),
        subject=step,
        requester=by,
        content=content,
        rule=rule,
        due_minutes=5,
        incident=rollback.incident,
        rule_reason=reason[:300],
    )


def _of(question: Question) -> tuple[Rollback, Step]:
    step = Step.objects.select_related("rollback").get(pk=question.subject_id, organisation_id=question.organisation_id)
    rollback = lock(step.rollback)
    if rollback.state in FINAL:
        raise Refused(f"{rollback.reference} is {rollback.get_state_display().lower()} already.", state=rollback.state)
    return rollback, Step.objects.get(pk=step.pk)


def _go_on(rollback: Rollback) -> None:
    rollback.wake_at = database_now()
    rollback.save(update_fields=["wake_at"])
    if rollback.state == RollbackState.NEEDS_OPERATOR:
        move(rollback, RollbackState.RUNNING)
    waking.wake(rollback)
