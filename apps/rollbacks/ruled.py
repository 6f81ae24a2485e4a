"""Who must agree to something about a run: the rules are asked in the run's own situation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.accounts.permissions import roles_that_may
from apps.accounts.rights import APPROVE, OPERATE
from apps.approvals.kinds import impacts_of_incident
from apps.approvals.rule_changes import hold_rules
from apps.approvals.ruling import Own, Ruling, rule_for
from apps.incidents.models import Incident
from apps.playbooks.catalogue import installed
from apps.playbooks.definition import Definition
from apps.playbooks.own_rule import impacts_of, impacts_of_steps, own_rule
from apps.rollbacks.models import Rollback
from apps.rollbacks.planned_words import losses_of

DUE_MINUTES = 5
WHO_DECIDES = "Two of those who decide about steps"


def rule_about(
    rollback: Rollback, kind: str, *, own: Own | None = None, right: str = APPROVE, position: int | None = None
) -> Ruling:
    """Return who must agree to a question of `kind` about a run, or about its step at `position`.

    What a step does counts for a question about the step; what the whole plan does, for one about the run. `right` is
    what a voter needs where `own` decides. Holds the rules until the transaction ends.
    """
    hold_rules(rollback.organisation_id)
    return rule_now(rollback, kind, own=own, right=right, position=position)


def rule_now(
    rollback: Rollback, kind: str, *, own: Own | None = None, right: str = APPROVE, position: int | None = None
) -> Ruling:
    """Return the same for a page, which asks nothing and holds nothing."""
    plan = json.loads(bytes(rollback.plan.canonical))
    incident = rollback.incident
    return rule_for(
        rollback.organisation_id,
        kind=kind,
        severity=incident.severity,
        procedure=plan["playbook"]["slug"],
        environment=rollback.environment,
        impacts=_felt(incident) | _done(plan, position),
        otherwise=own,
        right=right,
    )


def expected(incident: Incident, definition: Definition, revision: int) -> Ruling:
    """Return who will probably have to agree to a start, before the plan is made and the providers are read."""
    live = incident.environment.live
    lost = live.losses if live and definition.kind == "rollback" else []
    return rule_for(
        incident.organisation_id,
        kind="rollback.start",
        severity=incident.severity,
        procedure=definition.slug,
        environment=incident.environment,
        impacts=_felt(incident) | impacts_of(definition, installed()) | impacts_of_steps([], lost),
        otherwise=own_rule(definition, revision, incident.severity),
    )


def one_more(rollback: Rollback) -> Own:
    """Return the least that is asked: one more of those who may decide must agree."""
    return Own(WHO_DECIDES, {"any_of": roles_that_operate(rollback), "needed": 1}, DUE_MINUTES, floor=True)


def as_at_the_start(rollback: Rollback) -> tuple[Own, str]:
    """Return the rule that the start was agreed by, and the right it needed; one more person where it needed nobody."""
    question = rollback.question
    kept = {name: question.rule.get(name) for name in ("all_of", "any_of", "needed") if question.rule.get(name)}
    if not (kept.get("all_of") or kept.get("any_of")):
        return one_more(rollback), OPERATE
    return Own(question.rule.get("name", "The rule of the start"), kept, DUE_MINUTES), question.right


def roles_that_operate(rollback: Rollback) -> list[str]:
    """Return the roles whose holders may decide about steps, in the place of the run."""
    return sorted(role.slug for role in roles_that_may(rollback.organisation_id, OPERATE, rollback))


def _felt(incident: Incident) -> frozenset[str]:
    return impacts_of_incident(
        externally_visible=incident.externally_visible, affected_users_percent=incident.affected_users_percent
    )


def _done(plan: Mapping[str, Any], position: int | None) -> frozenset[str]:
    if position is None:
        return impacts_of_steps(plan["steps"], plan["losses"])
    steps = [step for step in plan["steps"] if step["position"] == position]
    lost = [loss for step in steps for loss in losses_of(step)]
    return impacts_of_steps(steps, lost)
