"""What people ask about a step when the run cannot go on alone: try again, leave out, take as done, do it.

What happens once others have agreed stands in `agreeing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.rights import OPERATE
from apps.approvals import asking
from apps.approvals.models import Question
from apps.approvals.ruling import Ruling
from apps.approvals.seating import refuse_alone
from apps.rollbacks import after_refusal, events, permissions, withdrawing
from apps.rollbacks.agreeing import allow_again, go_on
from apps.rollbacks.approved import steps_of
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move_step
from apps.rollbacks.planned_words import sentence
from apps.rollbacks.ruled import as_at_the_start, one_more, rule_about
from apps.rollbacks.states import FINAL, OPEN, Agreement, AttemptState, RollbackState, StepState
from apps.rollbacks.withdrawing import ADOPT, RETRY, SKIP
from apps.timeline.answers import Missing, Refused, Unacceptable
from apps.timeline.log import record

SECOND_PERSON = "give a second person a role that may decide."


@transaction.atomic
def retry(rollback: Rollback, position: int, *, by: Person, reason: str) -> Question | Step:
    """Allow another attempt of a step that needs a person. The outside is looked at again before anything is sent.
    A step that its people have refused is put to them once more.

    Where nobody can see whether an earlier request worked, a second person must agree to send it again. Otherwise open
    questions about the step are taken back: it goes on without them. Raises Refused while an attempt is unclear.
    """
    asked = withdrawing.hold(rollback, position)
    if Step.objects.filter(rollback=rollback, position=position, agreement=Agreement.REFUSED).exists():
        return after_refusal.ask_again(rollback, position, by=by, reason=reason)
    rollback, step = _stuck(rollback, position, by, reason)
    if may_repeat_unseen(rollback, step):
        title = f"Send step {position} again: {step.name}"
        ruling = rule_about(rollback, RETRY, own=one_more(rollback), right=OPERATE, position=position)  # S3-50
        question = _ask(RETRY, rollback, step, by, title, ruling, reason=reason)
        record(
            events.REPEAT_ASKED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason,
            question=str(question.pk),
        )  # fmt: skip
        return question
    allow_again(step)
    record(events.RETRIED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason)
    withdrawing.withdraw(asked, by=by, reason=f"step {position} is tried again")
    go_on(rollback)
    return step


@transaction.atomic
def ask_to_skip(rollback: Rollback, position: int, *, by: Person, reason: str) -> Question:
    """Ask to leave a step out. That changes what was approved, so the same people must agree again."""
    rollback, step = _stuck(rollback, position, by, reason, also={StepState.PENDING})
    if step.kind == "gate":
        raise Refused("A gate is there so that its people agree; it is never left out. Ask them again.", code="gate")
    own, right = as_at_the_start(rollback)
    ruling = rule_about(rollback, SKIP, own=own, right=right)
    title = f"Leave out step {position}: {step.name}"
    question = _ask(SKIP, rollback, step, by, title, ruling, reason=reason)
    record(
        events.SKIP_ASKED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason,
        question=str(question.pk),
    )  # fmt: skip
    return question


@transaction.atomic
def ask_to_adopt(
    rollback: Rollback, position: int, *, by: Person, reason: str, evidence: str, seen: Sequence[str] = ()
) -> Question | Step:
    """Say that a step has happened. For a step of ours a second person must agree; a person's own step is just done.

    `seen` is what the provider says at this moment (see `looking.snapshot`); it is kept with the evidence.
    """
    rollback, step = _stuck(rollback, position, by, reason, also={StepState.RUNNING})
    if not evidence.strip():
        raise Unacceptable("Say how you know: a link, a number, what you saw.", field="evidence")
    if step.kind == "human":
        return _do(rollback, step, by, reason, evidence)
    title = f"Step {position} has happened: {step.name}"
    kept = list(seen)
    ruling = rule_about(rollback, ADOPT, own=one_more(rollback), right=OPERATE, position=position)
    question = _ask(ADOPT, rollback, step, by, title, ruling, reason=reason, evidence=evidence, seen=kept)
    record(
        events.ADOPTION_ASKED, rollback, by=by, incident=rollback.incident_id, position=position, reason=reason,
        evidence=evidence, seen=kept, question=str(question.pk),
    )  # fmt: skip
    return question


def may_repeat_unseen(rollback: Rollback, step: Step) -> bool:
    """Say whether trying again may do the step's effect a second time without anybody seeing it (class D)."""
    if step.kind != "action" or steps_of(rollback)[step.position].said["idempotency_class"] != "D":
        return False
    return any(attempt.state != AttemptState.NOT_SENT for attempt in step.attempts.all())


def _do(rollback: Rollback, step: Step, by: Person, reason: str, evidence: str) -> Step:
    asked = withdrawing.open_about([step.pk])
    move_step(step, StepState.SUCCEEDED, message=f"{sentence(reason)} {evidence}".strip())
    record(
        events.HUMAN_DONE, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        reason=sentence(reason), evidence=evidence,
    )  # fmt: skip
    withdrawing.withdraw(asked, by=by, reason=f"step {step.position} is done")
    go_on(rollback)
    return step


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
    if rollback.state in FINAL | {RollbackState.AWAITING_APPROVAL, RollbackState.CANCELLING}:
        raise Refused(f"{rollback.reference} is {rollback.get_state_display().lower()}.", state=rollback.state)
    if step.state not in {StepState.UNKNOWN, StepState.FAILED, *also}:
        raise Refused(
            f"Step {position} is {step.get_state_display().lower()}, so there is nothing to decide.",
            state=step.state,
        )
    if Attempt.objects.filter(rollback=rollback, state__in=sorted(OPEN)).exists():
        raise Refused("A request is still being cleared up. Wait until it is, then decide.", state=rollback.state)
    return rollback, step


def _ask(kind: str, rollback: Rollback, step: Step, by: Person, title: str, ruling: Ruling, **told: Any) -> Question:
    already = withdrawing.open_about([step.pk]).filter(kind=kind).first()
    if already:
        raise Refused(
            f"{already.requester.name} has asked for this already; it waits for an answer.",
            code="already_asked",
            approval=str(already.pk),
            state=rollback.state,
        )
    refuse_alone(rollback.organisation_id, ruling.demand, by=by, advice=SECOND_PERSON)
    about = {"kind": kind, "rollback": str(rollback.pk), "plan": rollback.plan_hash, "position": step.position}
    return asking.ask(
        organisation=rollback.organisation,
        kind=kind,
        title=title[:300],
        url=reverse("rollbacks:detail", args=[rollback.pk]),
        subject=step,
        requester=by,
        content={**about, **told},
        incident=rollback.incident,
        environment=rollback.environment,
        **ruling.asked(),
        rule_reason=sentence(told["reason"])[:300],
    )
