"""What happens to a step once the people who were asked have agreed: left out, taken as done, sent again."""

from __future__ import annotations

from typing import Any

from apps.approvals.asking import Fact
from apps.approvals.models import Question
from apps.rollbacks import events, waking
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move, move_step
from apps.rollbacks.planned_words import sentence
from apps.rollbacks.states import OPEN, RollbackState, StepState
from apps.rollbacks.step_rows import in_versions
from apps.rollbacks.withdrawing import OVER
from apps.timeline.answers import Refused
from apps.timeline.clock import database_now
from apps.timeline.log import record
from apps.timeline.models import Event

ASKED = (events.SKIP_ASKED.name, events.ADOPTION_ASKED.name, events.REPEAT_ASKED.name)
STUCK = frozenset({StepState.UNKNOWN, StepState.FAILED})


def skip(question: Question, by: Any) -> None:
    """Leave the step out: the people who approved the plan have agreed to it."""
    rollback, step, told = _of(question, STUCK | {StepState.PENDING})
    reason = sentence(told["reason"])
    move_step(step, StepState.SKIPPED, message=reason)
    record(
        events.SKIPPED, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        reason=reason,
    )  # fmt: skip
    go_on(rollback)


def adopt(question: Question, by: Any) -> None:
    """Take the step as done, on the word of two people. It is recorded as an attestation, not as a success we saw."""
    rollback, step, told = _of(question, STUCK)
    word = f"{sentence(told['reason'])} Evidence: {sentence(told['evidence'])}"
    move_step(step, StepState.SUCCEEDED, message=f"Taken as done on people's word: {word}")
    record(
        events.ADOPTED, rollback, by=by, incident=rollback.incident_id, position=step.position, name=step.name,
        reason=word, seen=told.get("seen", []),
    )  # fmt: skip
    go_on(rollback)


def send_again(question: Question, by: Any) -> None:
    """Allow one more series of attempts of a step whose effect nobody can see: two people take the risk."""
    rollback, step, told = _of(question, STUCK)
    allow_again(step)
    record(
        events.REPEAT_AGREED, rollback, by=by, incident=rollback.incident_id, position=step.position,
        reason=sentence(told["reason"]),
    )  # fmt: skip
    go_on(rollback)


def facts(question: Question) -> list[Fact]:
    """Return what those who are asked about a step should know: why, how somebody knows, what the provider said."""
    told = _told(question)
    step = Step.objects.select_related("rollback__environment").filter(pk=question.subject_id).first()
    found = [Fact("Why", sentence(told["reason"]))] if told.get("reason") else []
    if told.get("evidence"):
        found.append(Fact("Evidence", sentence(told["evidence"])))
    found += [Fact("The portal read then", line) for line in told.get("seen", [])]
    if step and step.message:
        found.append(Fact("What stopped it", in_versions(step.message, step.rollback)))
    return [*found, Fact("What follows", FOLLOWS[question.kind])]


FOLLOWS = {
    "rollback.skip": "The run goes on without the step. What it should have changed stays as it is.",
    "rollback.adopt": "The run goes on with the next step. It is recorded as people's word, not as something seen.",
    "rollback.retry": "The same request is sent once more. If an earlier one did work, its effect happens twice.",
}


def allow_again(step: Step) -> None:
    """Let the engine make further attempts of the step, after those that a person has looked at."""
    newest = step.attempts.order_by("-number").first()
    step.allowed_after = newest.number if newest else 0
    step.save(update_fields=["allowed_after"])
    if step.state != StepState.RUNNING:
        move_step(step, StepState.RUNNING, message="")


def go_on(rollback: Rollback) -> None:
    """Wake the run, and let it run again where it waited for a person."""
    rollback.wake_at = database_now()
    rollback.save(update_fields=["wake_at"])
    if rollback.state == RollbackState.NEEDS_OPERATOR:
        move(rollback, RollbackState.RUNNING)
    waking.wake(rollback)


def _of(question: Question, states: frozenset[str]) -> tuple[Rollback, Step, dict[str, Any]]:
    """Return the run, locked, its step and what was told; Raises Refused when the step has moved on since."""
    step = Step.objects.select_related("rollback").get(pk=question.subject_id, organisation_id=question.organisation_id)
    rollback = lock(step.rollback)
    if rollback.state in OVER:
        raise Refused(f"{rollback.reference} is {rollback.get_state_display().lower()} already.", state=rollback.state)
    step = Step.objects.get(pk=step.pk)
    under_way = Attempt.objects.filter(rollback=rollback, state__in=sorted(OPEN)).exists()
    if step.state not in states or under_way:
        now = "being cleared up" if under_way else step.get_state_display().lower()
        raise Refused(f"Step {step.position} is {now} by now. Nothing was changed; read it again.", state=step.state)
    return rollback, step, _told(question)


def _told(question: Question) -> dict[str, Any]:
    """Return what was written down when the question was asked."""
    asked = Event.objects.filter(
        organisation_id=question.organisation_id, subject_kind="rollback", kind__in=ASKED,
        details__question=str(question.pk),
    ).first()  # fmt: skip
    return dict(asked.details) if asked else {"reason": question.rule_reason, "evidence": ""}
