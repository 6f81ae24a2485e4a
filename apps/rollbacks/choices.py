"""The ways on when a step needs a person: the harmless one first, and what is forbidden with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts.models import Person, RoleHolding
from apps.approvals.asking import role_names
from apps.approvals.rules import listed
from apps.providers import registry
from apps.rollbacks import permissions
from apps.rollbacks.approved import steps_of
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.operating import roles_that_operate
from apps.rollbacks.own import cancel_words
from apps.rollbacks.states import FINAL

STUCK = {"unknown", "failed"}


@dataclass(frozen=True)
class Choice:
    """One way on: what happens and what stays, who decides, and why it is off. `only_reads` changes nothing."""

    name: str
    title: str
    text: str
    who: str
    why_not: str = ""
    evidence: bool = False
    only_reads: bool = False
    icon: str = "check"


def choices_of(rollback: Rollback, step: Step, person: Person) -> list[Choice]:
    """Return the ways on for a step; forbidden ones are there too, at the end."""
    may = permissions.may_operate(person, rollback)
    not_now = "" if may else may.because
    if not not_now and not needs_decision(rollback, step):
        not_now = f"Step {step.position} is {step.get_state_display().lower()}, so there is nothing to decide."
    found = _for_people(rollback, step, not_now) if step.kind == "human" else _for_calls(rollback, step, not_now)
    found.append(_cancel(rollback, step, not_now))
    return sorted(found, key=lambda choice: bool(choice.why_not))


def needs_decision(rollback: Rollback, step: Step) -> bool:
    """Say whether a person can decide about the step now."""
    if rollback.state in FINAL or rollback.state == "awaiting_approval":
        return False
    return step.state in STUCK or (step.kind == "human" and step.state == "running")


def who_decides(rollback: Rollback) -> list[tuple[str, str]]:
    """Return (name, role) of everybody who may decide about steps. Three queries."""
    names = role_names(rollback.organisation_id)
    held = RoleHolding.objects.filter(
        organisation_id=rollback.organisation_id, role__slug__in=roles_that_operate(rollback), person__active=True
    )
    found: dict[str, list[str]] = {}
    for name, role in held.order_by("person__name").values_list("person__name", "role__slug"):
        found.setdefault(name, []).append(names.get(role, role))
    return [(name, ", ".join(roles)) for name, roles in found.items()]


def _for_calls(rollback: Rollback, step: Step, not_now: str) -> list[Choice]:
    provider = registry.provider(step.provider).name if step.provider else "the address"
    unrepeatable = step.kind == "action" and steps_of(rollback)[step.position].said.get("idempotency_class") == "D"
    twice = "Nobody can see whether it worked, so it is not sent again." if unrepeatable else ""
    names = role_names(rollback.organisation_id)
    deciders = len(who_decides(rollback))
    approvers = listed(_approvers(rollback, names), "and") or "everybody who approved"
    return [
        Choice(
            "look", f"Ask {provider} again", "Reads once more what it says now. Changes nothing and decides nothing.",
            "You alone · a few seconds", only_reads=True, icon="refresh-cw",
        ),
        Choice(
            "retry", f"Go on with step {step.position}",
            f"{provider} is read first. If it is as wanted, nothing is sent and the run goes on; only if nothing was "
            "changed is the same request sent once more.", "You alone", not_now or twice, icon="play",
        ),
        Choice(
            "adoption", f"Take step {step.position} as done",
            "The run goes on with the next step. It is recorded as people's word, not as something the portal saw.",
            f"You, and one more of the {deciders} people who can decide", not_now, evidence=True,
        ),
        Choice(
            "skip", f"Leave step {step.position} out",
            "The run goes on without it. That changes what was approved, so it needs the same approval again.",
            approvers, not_now, icon="arrow-right",
        ),
    ]  # fmt: skip


def _for_people(rollback: Rollback, step: Step, not_now: str) -> list[Choice]:
    approvers = listed(_approvers(rollback, role_names(rollback.organisation_id)), "and") or "everybody who approved"
    return [
        Choice(
            "adoption", f"Step {step.position} is done", "The run goes on with the next step.", "You alone", not_now,
            evidence=True,
        ),
        Choice(
            "skip", f"Leave step {step.position} out",
            "The run goes on without it. That changes what was approved, so it needs the same approval again.",
            approvers, not_now, icon="arrow-right",
        ),
    ]  # fmt: skip


def _cancel(rollback: Rollback, step: Step, not_now: str) -> Choice:
    rows = [{"position": one.position, "state": one.state} for one in rollback.steps.all()]
    text = cancel_words(rollback, rows).removeprefix("Cancel now: ")
    proof = " Nobody then proves that the service is healthy."
    return Choice(
        "cancellation", "Cancel rollback", text[:1].upper() + text[1:] + proof, "You alone", not_now, icon="ban"
    )


def _approvers(rollback: Rollback, names: dict[str, str]) -> list[str]:
    rule = rollback.question.rule
    return [names.get(role, role) for role in rule.get("all_of") or rule.get("any_of") or []]
