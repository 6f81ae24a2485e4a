"""Who must still be told what was done without asking them, until each has acknowledged it (S4-06, S4-73)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import Person, RoleHolding
from apps.accounts.programs import find
from apps.approvals import events
from apps.approvals.models import Debt, Question
from apps.approvals.rules import listed
from apps.timeline.answers import Forbidden
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record

AT_ONCE = 100


def owe(question: Question, roles: Sequence[str], *, within_minutes: float, because: str) -> list[Debt]:
    """Write a debt to every active holder of `roles` except who asked: they must be told within so many minutes.

    A person who holds several of the roles is told once.
    """
    held = RoleHolding.objects.filter(
        organisation_id=question.organisation_id, role__slug__in=list(roles), person__active=True
    )
    holders = held.exclude(person_id=question.requester_id).select_related("person", "role")
    return owe_to(question, holders, within_minutes=within_minutes, because=because)


def owe_to(
    question: Question, holders: Iterable[RoleHolding], *, within_minutes: float, because: str
) -> list[Debt]:  # fmt: skip
    """Write a debt to each of these people, in the role they hold, and record once who they are."""
    people = {each.person_id: each for each in sorted(holders, key=lambda one: (one.person.name, one.role.name))}
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
            names=names, people=[debt.person_id for debt in debts], until=due_at, because=because, url=question.url,
        )  # fmt: skip
    return debts


@transaction.atomic
def acknowledge(debt: Debt, *, by: Person) -> Debt:
    """Say that one has read what was done. Only for oneself; saying it twice changes nothing."""
    debt = Debt.objects.select_for_update(of=["self"]).select_related("question").get(
        pk=debt.pk, organisation_id=debt.organisation_id
    )  # fmt: skip
    if debt.person_id != by.pk:
        raise Forbidden("Only the person who had to be told can say that they were.")
    if debt.acknowledged_at:
        return debt
    debt.acknowledged_at = database_now()
    debt.save(update_fields=["acknowledged_at"])
    record(events.ACKNOWLEDGED, debt.question, by=by, incident=debt.incident_id, title=debt.question.title)
    return debt


def owed_to(person: Person) -> QuerySet[Debt]:
    """Return what a person must still acknowledge, the most urgent first."""
    mine = Debt.objects.filter(person=person, acknowledged_at=None)
    return mine.select_related("question__requester", "incident", "person").order_by("due_at")


def find_debt(request: HttpRequest, person: Person, pk: Any) -> Debt:
    """Return a debt that the path names: one's own always, somebody else's where one sees what it is about."""
    own = next((debt for debt in owed_to(person) if str(debt.pk) == str(pk)), None)
    return own or find(Debt, request, pk=pk)


def open_about(incident_id: Any) -> QuerySet[Debt]:
    """Return who must still be told about an incident's deeds."""
    open_ones = Debt.objects.filter(incident_id=incident_id, acknowledged_at=None, person__active=True)
    return open_ones.select_related("person", "question").order_by("due_at", "person__name")


def names_of(debts: Iterable[Debt]) -> list[str]:
    """Return the names of those who owe it, each person once whatever they must read."""
    return list({debt.person_id: debt.person.name for debt in debts}.values())


def tell_overdue() -> int:
    """Tell once of each debt whose time is up; returns how many were told. People who have left owe nothing."""
    late = Debt.objects.filter(acknowledged_at=None, overdue_recorded_at=None, person__active=True)
    found = late.filter(due_at__lte=database_now()).values_list("pk", flat=True)[:AT_ONCE]
    return sum(_tell_overdue(pk) for pk in list(found))


@transaction.atomic
def _tell_overdue(pk: Any) -> int:
    rows = Debt.objects.select_for_update(skip_locked=True, of=["self"]).select_related("person", "question")
    debt = rows.filter(pk=pk, acknowledged_at=None, overdue_recorded_at=None).first()
    if debt is None:
        return 0
    debt.overdue_recorded_at = database_now()
    debt.save(update_fields=["overdue_recorded_at"])
    record(
        events.DEBT_OVERDUE, debt.question, by=SYSTEM, incident=debt.incident_id, title=debt.question.title,
        name=debt.person.name, person=debt.person_id, url=debt.question.url,
    )  # fmt: skip
    return 1
