"""Who must agree before a single step begins: what the playbook says of it, and the organisation's rules about steps.

It is frozen in the plan, so the plan's hash covers it, and no later change of a rule lowers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.approvals.kinds import impacts_of_incident
from apps.approvals.models import Rule
from apps.approvals.ruling import Own, Ruling, rule_for
from apps.deployments.models import Environment
from apps.incidents.models import Incident
from apps.playbooks.definition import Definition, Step
from apps.playbooks.own_rule import impacts_of_steps, own
from apps.rollbacks.planned_words import is_final, losses_of

STEP, GATE = "rollback.step", "hotfix.gate"  # the kinds of question; a gate is a step that does nothing else
KINDS = (STEP, GATE)


def kind_of(step_kind: str) -> str:
    """Return the kind of question that is asked about a step of this kind."""
    return GATE if step_kind == "gate" else STEP


def name_people(
    definition: Definition, steps: Sequence[dict[str, Any]], *, environment: Environment, incident: Incident
) -> None:
    """Write into each planned step that needs it who must agree before it begins.

    A step needs it where the playbook names people for it, and where it destroys something and a rule of the
    organisation is about steps. Costs one query, and two more for each such step.
    """
    organisation_id = environment.organisation_id
    rules = Rule.objects.filter(organisation_id=organisation_id, active=True, kinds__contains=[STEP])
    felt = impacts_of_incident(
        externally_visible=incident.externally_visible, affected_users_percent=incident.affected_users_percent
    )
    about_steps = {str(pk) for pk in rules.values_list("pk", flat=True)}
    for step, said in zip(definition.steps, steps, strict=True):
        if step.approvals is None and not (about_steps and is_final(said)):
            continue
        ruling = rule_for(
            organisation_id,
            kind=kind_of(said["kind"]),
            severity=incident.severity,
            procedure=definition.slug,
            environment=environment,
            impacts=felt | impacts_of_steps([said], losses_of(said)),
            otherwise=_own(step, said["position"]),
        )
        if step.approvals or _is_about_steps(ruling, about_steps):
            said["approvals"] = ruling.as_plan()


def _own(step: Step, position: int) -> Own | None:
    return own(step.approvals, f"step {position} of the playbook") if step.approvals else None


def _is_about_steps(ruling: Ruling, about_steps: set[str]) -> bool:
    """A rule about everything is met by the start already; only one about steps asks once more."""
    return not ruling.nobody and any(one.key in about_steps for one in ruling.considered)
