"""What a playbook itself says about who must agree, and what it does, in the words that rules are written in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.approvals.kinds import DATA_LOSS, DESTRUCTIVE, RESTORE
from apps.approvals.ruling import Own
from apps.playbooks.catalogue import Catalogue
from apps.playbooks.definition import DEFAULT_APPROVALS, ActionStep, Approvals, Definition
from apps.providers.base import Risk


def own_rule(definition: Definition, revision: int, severity: str) -> Own:
    """Return the playbook's own rule at a severity. One that says nothing counts only where no rule matches."""
    said = definition.approvals_for(severity)
    silent = definition.approvals == DEFAULT_APPROVALS and not definition.approvals_by_severity
    return own(said, f"{definition.name}, revision {revision}", fallback=silent)


def own(said: Approvals, name: str, *, fallback: bool = False) -> Own:
    """Return what a playbook or one of its steps says, as the rule called `name`."""
    demand = {"all_of": list(said.all_of), "any_of": list(said.any_of), "needed": said.needed}
    return Own(name, demand, said.due_minutes, said.expires_minutes, fallback)


def impacts_of_steps(steps: Iterable[Mapping[str, Any]], losses: Iterable[str]) -> frozenset[str]:
    """Return what planned steps do: each is a mapping with `role`, `action` and `risk` where it has them."""
    found = {DATA_LOSS} if any(True for _ in losses) else set()
    for step in steps:
        risk = str(step.get("risk", Risk.SAFE))
        if risk == Risk.DESTRUCTIVE:
            found.add(DESTRUCTIVE)
        if is_restore(str(step.get("role", "")), str(step.get("action", "")), risk):
            found.add(RESTORE)
    return frozenset(found)


def impacts_of(definition: Definition, catalogue: Catalogue) -> frozenset[str]:
    """Return what a playbook does wherever it is used, before anything is planned: the worst that its steps can do."""
    offered = [
        {"role": step.role, "action": step.action, "risk": offer.action.risk}
        for step in definition.steps
        if isinstance(step, ActionStep)
        for offer in catalogue.offers(step.use)
    ]
    lost = [offer.action.lost for step in definition.steps if isinstance(step, ActionStep)
            for offer in catalogue.offers(step.use) if offer.action.lost]  # fmt: skip
    return impacts_of_steps(offered, [*(loss.text for loss in definition.all_losses), *lost])


def is_restore(role: str, action: str, risk: str) -> bool:
    """Say whether a step restores or changes a database: it is called so, or acts through the database's connection.

    What only looks or saves a copy there is safe, and does not count. What destroys something in a backend puts other
    data in its place; a branch of code that is restored is no database.
    """
    if risk == Risk.SAFE or role == "code":
        return False
    return "restore" in action or role == "database" or (role == "backend" and risk == Risk.DESTRUCTIVE)
