"""Who must still be told what was done without asking them, until each has acknowledged it (S4-06, S4-73)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from apps.accounts.models import RoleHolding
from apps.approvals import events
from apps.approvals.models import Debt, Question
from apps.approvals.rules import listed
from apps.timeline.clock import database_now
from apps.timeline.log import record


def owe(question: Question, roles: Sequence[str], *, within_minutes: float, because: str) -> list[Debt]:
    """Write a debt to every active holder of `roles` except who asked: they must be told within so many minutes.

    A person who holds several of the roles is told once.
    """
    held = RoleHolding.objects.filter(
        organisation_id=question.organisation_id, role__slug__in=list(roles), person__active=True
    )
    holders = held.exclude(person_id=question.requester_id).select_related("person", "role")
    people = {each.person_id: each for each in holders.order_by("person__name", "role__name")}
    due_at = database_now() + timedelta(minutes=within_minutes)
    debts = Debt.objects.bulk_create(
        Debt(
            organisation_id=question.organisation_id, question=question, incident_id=question.incident_id,
            person=each.person, role=each.role.slug, because=because[:300], due_at=due_at,
        )
        for each in people.values()
    )  # fmt: skip
    if debts:
        names = listed([debt.person.name for debt in debts], "and")
        record(
            events.OWED, question, by=question.requester, incident=question.incident_id, title=question.title,
            names=names, people=[debt.person_id for debt in debts], until=due_at, because=because,
        )  # fmt: skip
    return debts
