"""What people do with a rollback, in the order of its life: propose, plan again, vote, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.urls import reverse

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question, Vote
from apps.deployments.models import Deployment, Environment
from apps.incidents import lifecycle as incidents
from apps.incidents.models import Incident
from apps.playbooks.definition import Definition
from apps.playbooks.inputs import fill_inputs
from apps.playbooks.library import definition_of
from apps.playbooks.models import Revision
from apps.playbooks.problems import Invalid
from apps.rollbacks import events, permissions, waking
from apps.rollbacks.models import Plan, Rollback, Step
from apps.rollbacks.moving import move
from apps.rollbacks.planning import Draft, Wish, plan
from apps.rollbacks.states import RollbackState
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.ids import new_id
from apps.timeline.log import SYSTEM, record

KIND = "rollback.start"


def prepare(
    incident: Incident, *, by: Person, revision: Revision, target: Deployment, inputs: Mapping[str, Any],
    environment: Environment | None = None, rollback_id: UUID | None = None,
) -> tuple[Wish, Draft]:  # fmt: skip
    """Make the plan for a proposal. Reads providers, so it must be called outside a transaction; changes nothing.

    Raises Forbidden, Refused (resolved incident, target already live) or Unacceptable, naming the field.
    """
    environment = environment or incident.environment
    permissions.may_propose(by, environment).or_refuse()
    definition = definition_of(revision)
    if incident.resolved_at and definition.kind == "rollback":
        raise Refused(f"{incident.reference} is resolved. Declare a new incident to roll back.", state=incident.state)
    if target.environment_id != environment.pk:
        raise Unacceptable("The target belongs to another environment.", field="target", code="unknown_reference")
    if environment.live_id == target.pk:
        raise Unacceptable(f"{target.version} is live already. Choose another target.", field="target")
    wish = Wish(
        incident, environment, target, environment.live, revision, definition,
        _filled(definition, inputs), by, rollback_id or new_id(),
    )  # fmt: skip
    return wish, plan(wish)


@transaction.atomic
def propose(wish: Wish, draft: Draft) -> Rollback:
    """Keep the plan and ask who must agree. Born `awaiting_approval`, or `queued` where the rule needs nobody."""
    incident, by = wish.incident, wish.requester
    frozen = _store(wish, draft)
    title = title_of(wish.definition.kind, wish)
    question = _ask(wish, draft, frozen, title)
    rollback = Rollback(
        id=wish.rollback_id,
        organisation_id=by.organisation_id,
        number=_next_number(by.organisation_id),
        kind=str(wish.definition.kind),
        incident=incident,
        service_id=wish.environment.service_id,
        environment=wish.environment,
        revision=wish.revision,
        target=wish.target,
        previous=wish.previous,
        inputs=dict(wish.inputs),
        requester=by,
        plan=frozen,
        plan_hash=frozen.hash,
        question=question,
        state=RollbackState.QUEUED if question.state == "granted" else RollbackState.AWAITING_APPROVAL,
        wake_at=database_now(),
    )
    if rollback.state == RollbackState.QUEUED:
        _refuse_second(rollback)
        rollback.approved_at = database_now()
    rollback.save(force_insert=True)
    _write_steps(rollback, draft)
    record(events.PROPOSED, rollback, by=by, incident=incident, title=title, plan_hash=rollback.plan_hash)
    if rollback.state == RollbackState.QUEUED:
        rule = f"revision {wish.revision.number} of {wish.definition.name}"
        record(events.AUTHORISED, rollback, by=by, incident=incident, title=title, rule=rule)
        _begin(rollback, by)
    return rollback


@transaction.atomic
def plan_again(rollback: Rollback, wish: Wish, draft: Draft) -> Rollback:
    """Put a fresh plan in place of the old one: a new question, and the old votes are void."""
    rollback = lock(rollback)
    by = wish.requester
    permissions.may_propose(by, rollback).or_refuse()
    if rollback.state != RollbackState.AWAITING_APPROVAL:
        raise Refused(
            f"{rollback.reference} is {rollback.get_state_display().lower()}; it keeps its plan.",
            state=rollback.state,
        )
    if by.pk != rollback.requester_id:
        raise Refused(
            "Only the person who asked can plan again. Propose your own rollback instead.",
            code="not_requester",
        )
    title = title_of(wish.definition.kind, wish)
    asking.void(rollback.question, by=by, reason="planned again")
    frozen = _store(wish, draft)
    rollback.question = _ask(wish, draft, frozen, title)
    rollback.plan, rollback.plan_hash = frozen, frozen.hash
    rollback.previous, rollback.inputs = wish.previous, dict(wish.inputs)
    rollback.save(update_fields=["plan", "plan_hash", "question", "previous", "inputs"])
    rollback.steps.all().delete()
    _write_steps(rollback, draft)
    record(
        events.PLANNED_AGAIN,
        rollback,
        by=by,
        incident=rollback.incident_id,
        title=title,
        plan_hash=frozen.hash,
    )
    return rollback


def vote(
    rollback: Rollback, *, by: Person, decision: str, plan_hash: str, role: str = "", note: str = "",
    accepts: Sequence[str] = (), confirm: str = "",
) -> Vote:  # fmt: skip
    """Answer the rollback's question; the last needed vote starts the run in the same transaction.

    Raises Stale when production has moved since the plan was made, besides what `asking.vote` raises.
    """
    with transaction.atomic():
        rollback = lock(rollback)
        if decision == "approve" and rollback.state == RollbackState.AWAITING_APPROVAL and is_stale(rollback):
            raise asking.Stale(
                "Production has changed since this plan was made. Nothing was approved. Plan again, then decide.",
                plan_hash=rollback.plan_hash,
            )
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
    _refuse_second(rollback)
    rollback.approved_at = database_now()
    rollback.wake_at = rollback.approved_at
    rollback.save(update_fields=["approved_at", "wake_at"])
    move(rollback, RollbackState.QUEUED)
    record(events.STARTED, rollback, by=by, incident=rollback.incident_id, title=question.title)
    _begin(rollback, by)


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
    record(events.PAUSE_ASKED, rollback, by=by, incident=rollback.incident_id, reason=_reason(reason))
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
    rollback = lock(rollback)
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
        waking.wake(rollback)
    record(events.CANCEL_ASKED, rollback, by=by, incident=rollback.incident_id, title=title, reason=why)
    return rollback


def lock(rollback: Rollback) -> Rollback:
    """Return the rollback fresh, with its row locked until the transaction ends."""
    rows = Rollback.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("question", "incident", "organisation").get(pk=rollback.pk)


def title_of(kind: str, wish: Wish) -> str:
    """Return what the rollback does, in a few words."""
    verb = "Go forward with" if kind == "forward" else "Roll back"
    return f"{verb} {wish.environment.service.slug} → {wish.target.version}"


def _filled(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return fill_inputs(definition, given)
    except Invalid as invalid:
        first = invalid.problems[0]
        raise Unacceptable(first.message, field=first.path) from invalid


def _store(wish: Wish, draft: Draft) -> Plan:
    frozen = Plan.objects.create(
        organisation_id=wish.requester.organisation_id,
        canonical=draft.canonical,
        findings=list(draft.findings),
    )
    frozen.refresh_from_db(fields=["hash"])
    return frozen


def _ask(wish: Wish, draft: Draft, frozen: Plan, title: str) -> Question:
    return asking.ask(
        organisation=wish.requester.organisation,
        kind=KIND,
        title=title,
        url=reverse("rollbacks:detail", args=[wish.rollback_id]),
        subject=frozen,
        requester=wish.requester,
        content=draft.canonical,
        rule=draft.rule,
        due_minutes=draft.due_minutes,
        expires_minutes=draft.expires_minutes,
        incident=wish.incident,
        losses=draft.losses,
        confirm=draft.confirm,
        rule_reason=f"{wish.definition.name}, revision {wish.revision.number}",
    )


def _write_steps(rollback: Rollback, draft: Draft) -> None:
    Step.objects.bulk_create(
        Step(
            organisation_id=rollback.organisation_id,
            rollback=rollback,
            position=said["position"],
            name=said["name"],
            kind=said["kind"],
            role=said.get("role", ""),
            provider=said.get("provider", ""),
            action=said.get("action", ""),
            on_failure=said["on_failure"],
            usual_seconds=said["usual_seconds"],
            gives_up_seconds=said["gives_up_seconds"],
            max_attempts=said.get("max_attempts", 1),
        )
        for said in draft.steps
    )


def _begin(rollback: Rollback, by: Any) -> None:
    if rollback.kind == "rollback":
        incidents.begin_recovery(rollback.incident, by=by)
    waking.wake(rollback)


def _refuse_second(rollback: Rollback) -> None:
    other = Rollback.objects.active().filter(environment_id=rollback.environment_id).exclude(pk=rollback.pk).first()
    if other:
        raise Refused(
            f"{other.reference} is under way in {other.environment}. Nothing was started; wait for it or cancel it.",
            code="environment_busy",
            state=rollback.state,
        )


def _or_conflict(answer: Any, rollback: Rollback) -> None:
    if not answer:
        raise Refused(answer.because, state=rollback.state)


def _reason(text: str) -> str:
    if not text.strip():
        raise Unacceptable("Say why, in a few words: it goes into the record.", field="reason")
    return text.strip()[:500]


def _next_number(organisation_id: UUID) -> int:
    """Count rollbacks per organisation, one transaction at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('rollback-number'), hashtext(%s))", [str(organisation_id)]
        )
    newest = (
        Rollback.objects.filter(organisation_id=organisation_id).order_by("-number").values_list("number", flat=True)
    )
    return (newest.first() or 0) + 1
