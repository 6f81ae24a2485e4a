"""Propose a rollback and plan it again: read the outside, freeze the plan, ask who must agree.

`prepare` reads providers and must be called outside a transaction; `propose` and `plan_again` only write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.urls import reverse

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question
from apps.approvals.rule_changes import refuse_outdated
from apps.deployments.models import Deployment, Environment
from apps.incidents.models import Incident
from apps.playbooks.definition import Definition
from apps.playbooks.inputs import fill_inputs
from apps.playbooks.library import definition_of
from apps.playbooks.models import Revision
from apps.playbooks.problems import Invalid
from apps.rollbacks import events, permissions
from apps.rollbacks.lifecycle import KIND, begin, lock_asked, refuse_second
from apps.rollbacks.models import Plan, Rollback, Step
from apps.rollbacks.planning import Draft, Wish, plan
from apps.rollbacks.states import RollbackState
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.ids import new_id
from apps.timeline.log import record


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
    refuse_outdated(draft.ruling, by.organisation)
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
        refuse_second(rollback)
        rollback.approved_at = database_now()
    rollback.save(force_insert=True)
    _write_steps(rollback, draft)
    record(events.PROPOSED, rollback, by=by, incident=incident, title=title, plan_hash=rollback.plan_hash)
    if rollback.state == RollbackState.QUEUED:
        record(events.AUTHORISED, rollback, by=by, incident=incident, title=title, rule=f"“{draft.ruling.name}”")
        begin(rollback, by)
    return rollback


@transaction.atomic
def plan_again(rollback: Rollback, wish: Wish, draft: Draft) -> Rollback:
    """Put a fresh plan in place of the old one: a new question, and the old votes are void."""
    rollback = lock_asked(rollback)
    by = wish.requester
    refuse_outdated(draft.ruling, by.organisation)
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


def prepare_again(rollback: Rollback, *, by: Person) -> tuple[Wish, Draft]:
    """Return a fresh plan for the same wish. Reads providers: call it outside a transaction."""
    return prepare(
        rollback.incident,
        by=by,
        revision=rollback.revision,
        target=rollback.target,
        inputs=rollback.inputs,
        environment=rollback.environment,
        rollback_id=rollback.pk,
    )


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
        incident=wish.incident,
        environment=wish.environment,
        losses=draft.losses,
        confirm=draft.confirm,
        rule_reason=draft.ruling.because[:300],
        **draft.ruling.asked(),
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
