"""When an incident is judged otherwise while people decide: whoever must agree now is asked, and nobody else counts."""

from __future__ import annotations

from apps.approvals import asking
from apps.approvals.rule_changes import deciding
from apps.playbooks.library import definition_of
from apps.playbooks.own_rule import own_rule
from apps.rollbacks.models import Rollback
from apps.rollbacks.ruled import rule_now
from apps.rollbacks.states import RollbackState
from apps.timeline.log import SYSTEM


def why_outdated(rollback: Rollback) -> str:
    """Say that the incident's severity has changed and others must agree now; empty where nothing has changed by it."""
    asked, incident = rollback.question.rule, rollback.incident
    decided_by = asked.get("decided_by")
    if decided_by is None or decided_by["situation"]["severity"] == incident.severity:
        return ""
    own = own_rule(definition_of(rollback.revision), rollback.revision.number, incident.severity)
    if deciding(rule_now(rollback, "rollback.start", own=own).as_plan()) == deciding(asked):
        return ""
    return f"{incident.reference} is {incident.severity} now, so who must agree has changed"


def refuse_outdated(rollback: Rollback) -> None:
    """Raise Stale where the incident is judged otherwise than when people were asked."""
    if because := why_outdated(rollback):
        raise asking.Stale(f"{because}. Nothing was approved. Plan again, then decide.", plan_hash=rollback.plan_hash)


def withdraw_outdated() -> int:
    """Take back every open question whose incident is judged otherwise now. Returns how many. Safe to repeat."""
    waiting = Rollback.objects.filter(state=RollbackState.AWAITING_APPROVAL, question__state="open")
    rows = waiting.select_related("plan", "incident", "environment", "revision", "question")
    outdated = [(rollback, because) for rollback in rows if (because := why_outdated(rollback))]
    for rollback, because in outdated:
        asking.void(rollback.question, by=SYSTEM, reason=f"{because}; plan again")
    return len(outdated)
