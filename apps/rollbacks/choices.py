"""The ways on when a step needs a person: the harmless one first, and what is forbidden with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from apps.accounts.models import Person, RoleHolding
from apps.accounts.rights import OPERATE
from apps.approvals.asking import role_names
from apps.approvals.rules import sentence
from apps.providers import registry
from apps.rollbacks import permissions
from apps.rollbacks.after_refusal import was_refused, what_goes_back
from apps.rollbacks.approved import steps_of
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.operating import may_repeat_unseen
from apps.rollbacks.own import cancel_words
from apps.rollbacks.ruled import WHO_DECIDES, as_at_the_start, one_more, roles_that_operate, rule_now
from apps.rollbacks.standing import ranges, standing_of
from apps.rollbacks.states import FINAL
from apps.rollbacks.withdrawing import ADOPT, RETRY, SKIP

STUCK = {"unknown", "failed"}
ALONE = "Nobody else here may agree. Give a second person a role that may decide."


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
    if was_refused(step):
        found = _for_refused(rollback, step, not_now)
    else:
        found = _for_people(rollback, step, not_now) if step.kind == "human" else _for_calls(rollback, step, not_now)
    found.append(_cancel(rollback, step, not_now))
    return sorted(found, key=lambda choice: bool(choice.why_not))


def needs_decision(rollback: Rollback, step: Step) -> bool:
    """Say whether a person can decide about the step now."""
    if rollback.state in FINAL or rollback.state == "awaiting_approval":
        return False
    return step.state in STUCK or was_refused(step) or (step.kind == "human" and step.state == "running")


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
    deciders = len(who_decides(rollback))
    adopting, adopting_alone = _second_person(rollback, step, ADOPT, deciders)
    return [
        Choice(
            "look", f"Ask {provider} again", "Reads once more what it says now. Changes nothing and decides nothing.",
            "You alone · a few seconds", only_reads=True, icon="refresh-cw",
        ),
        _once_more(rollback, step, provider, deciders, not_now),
        Choice(
            "adoption", f"Take step {step.position} as done",
            "The run goes on with the next step. It is recorded as people's word, not as something the portal saw; "
            "what the portal reads at that moment is kept with it.",
            adopting, not_now or adopting_alone, evidence=True,
        ),
        _leave_out(rollback, step, not_now),
    ]  # fmt: skip


def _second_person(rollback: Rollback, step: Step, kind: str, deciders: int) -> tuple[str, str]:
    """Return who must agree besides who asks, and why nobody could: by the rule that would decide now."""
    own = one_more(rollback)
    ruling = rule_now(rollback, kind, own=own, right=OPERATE, position=step.position)
    if ruling.name != own.name:
        return f"{sentence(ruling.demand, role_names(rollback.organisation_id))}: “{ruling.name}” asks for it", ""
    return f"You, and one more of the {deciders} people who can decide", ALONE if deciders < 2 else ""


def _once_more(rollback: Rollback, step: Step, provider: str, deciders: int, not_now: str) -> Choice:
    unseen = may_repeat_unseen(rollback, step)
    text = again_words(rollback, step, provider, unseen=unseen)
    if unseen:
        who, alone = _second_person(rollback, step, RETRY, deciders)
        return Choice("retry", f"Send step {step.position} again, unseen", text, who, not_now or alone, icon="play")
    return Choice("retry", f"Go on with step {step.position}", text, "You alone", not_now, icon="play")


def again_words(rollback: Rollback, step: Step, provider: str, *, unseen: bool) -> str:
    """Say what trying again sends, and why that is safe or not: by the class of the action in the approved plan."""
    if step.kind == "check":
        who = provider if step.provider else "The address"
        return f"{who} is asked again until it answers as wanted or the time is over. Reads only."
    if unseen:
        return (
            "The same request is sent once more, and nobody can see whether the first one worked. "
            "If it did, its effect happens twice."
        )
    said = steps_of(rollback)[step.position].said
    if said.get("idempotency_class") == "D":
        return f"Nothing has reached {provider} yet, so this is the first time that it is sent."
    look = f"{provider} is read first. If it is as wanted, nothing is sent and the run goes on; "
    return f"{look}only if nothing was changed is the same request sent once more. {SAFE[said['idempotency_class']]}"


SAFE = {
    "A": "That is safe: it names the state that is wanted, and asking twice for a state changes nothing.",
    "B": "That is safe: it carries the same key, and requests with one key count once.",
    "C": "That is safe: what it makes carries our mark, which is searched for before anything is sent.",
}


def _leave_out(rollback: Rollback, step: Step, not_now: str) -> Choice:
    own, right = as_at_the_start(rollback)
    ruling = rule_now(rollback, SKIP, own=own, right=right)
    approvers = sentence(ruling.demand, role_names(rollback.organisation_id)).removesuffix(" must agree")
    return Choice(
        "skip", f"Leave step {step.position} out",
        f"The run goes on without it: “{step.name}” is not done. That changes what was approved, so it needs the same "
        "approval again.",
        "One more who can decide" if ruling.name == WHO_DECIDES else approvers, not_now, icon="arrow-right",
    )  # fmt: skip


def _for_people(rollback: Rollback, step: Step, not_now: str) -> list[Choice]:
    return [
        Choice(
            "adoption", f"Step {step.position} is done", "The run goes on with the next step.", "You alone", not_now,
            evidence=True,
        ),
        _leave_out(rollback, step, not_now),
    ]  # fmt: skip


def _for_refused(rollback: Rollback, step: Step, not_now: str) -> list[Choice]:
    back = what_goes_back(rollback)
    steps = f"Step {ranges(back[::-1])} is" if len(back) == 1 else f"Steps {ranges(back[::-1])} are"
    found = [
        Choice(
            "retry", f"Ask the people of step {step.position} again",
            "A new question, with votes of its own. Nothing is sent until they agree.", "You alone", not_now,
            icon="users",
        ),
        Choice(
            "compensation", "Put back what was done",
            f"{steps} put back, last first, as the approved plan says. Then the run is over, as failed." if back
            else "Puts back what the steps before it changed.",
            "You alone", not_now or ("" if back else "Nothing was done that this plan can put back."),
            icon="rotate-ccw",
        ),
    ]  # fmt: skip
    return found if step.kind == "gate" else [*found, _leave_out(rollback, step, not_now)]


def _cancel(rollback: Rollback, step: Step, not_now: str) -> Choice:
    steps = list(rollback.steps.prefetch_related("attempts"))
    rows = [{"position": one.position, "state": one.state} for one in steps]
    text = cancel_words(rows, standing_of(steps)).removeprefix("Cancel now: ")
    proof = " Nobody then proves that the service is healthy."
    return Choice(
        "cancellation", "Cancel rollback", text[:1].upper() + text[1:] + proof, "You alone", not_now, icon="ban"
    )
