"""Who must be told what was done without asking them, until each has acknowledged it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import Person
from apps.approvals import debts, events, overdue
from apps.approvals.models import Debt
from apps.incidents import lifecycle as incidents
from apps.timeline.answers import Forbidden
from apps.timeline.clock import database_now
from apps.timeline.log import record
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in


def test_postgres_keeps_a_debt_until_it_is_acknowledged(team: Any) -> None:
    (debt,) = team.ask({}, told_after=["founder"]).debts.all()
    changes: list[dict[str, Any]] = [{"person": team.cleo}, {"due_at": database_now()}, {"because": "x"}]
    for change in changes:
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            Debt.objects.filter(pk=debt.pk).update(**change)
        assert getattr(caught.value.__cause__, "sqlstate", "") == "RG011"
    with pytest.raises(DatabaseError), transaction.atomic():
        debt.delete()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Debt.objects.filter(pk=debt.pk).update(acknowledged_at=database_now())
    assert getattr(caught.value.__cause__, "sqlstate", "") == "RG012"
    with transaction.atomic():
        record(events.OWED, debt.question, by=team.ava, names="x", title="x")
        Debt.objects.filter(pk=debt.pk).update(acknowledged_at=database_now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Debt.objects.filter(pk=debt.pk).update(acknowledged_at=None)


def owed(team: Any, **more: Any) -> list[Debt]:
    """Do something that nobody had to agree to; founder and client success must be told."""
    return list(team.ask({}, told_after=["founder", "client-success-lead"], **more).debts.order_by("person__name"))


def test_each_acknowledges_for_themselves_once(team: Any) -> None:
    ava, cleo = owed(team)
    assert [debt.pk for debt in debts.owed_to(team.ava)] == [ava.pk]
    with pytest.raises(Forbidden):
        debts.acknowledge(cleo, by=team.ava)
    first = debts.acknowledge(ava, by=team.ava).acknowledged_at
    assert debts.acknowledge(ava, by=team.ava).acknowledged_at == first
    assert not debts.owed_to(team.ava).exists()
    assert debts.owed_to(team.cleo).get() == cleo
    told = Event.objects.filter(kind=events.ACKNOWLEDGED.name, subject_id=str(ava.question_id))
    assert [event.actor_name for event in told] == ["Ava"]


def test_what_is_late_is_told_once_and_only_of_those_who_are_here(team: Any) -> None:
    ava, cleo = owed(team, told_within_minutes=0.0001)
    Person.objects.filter(pk=team.cleo.pk).update(active=False)
    assert [overdue.close_overdue(), overdue.close_overdue()] == [1, 0]
    (told,) = Event.objects.filter(kind=events.DEBT_OVERDUE.name)
    assert told.text == "Ava has still not read what was done: Do it"
    cleo.refresh_from_db()
    assert cleo.overdue_recorded_at is None


def test_the_incident_says_who_has_still_to_be_told(team: Any) -> None:
    incident = incidents.declare(
        team.organisation, by=team.rae, title="Down", severity="P0", environment=team.environment,
        service=team.environment.service,
    )  # fmt: skip
    first, _ = owed(team, incident=incident)
    browser = sign_in(team.rae)
    page = browser.get(incident.get_absolute_url()).content.decode()
    assert "2 people have still to be told" in page
    debts.acknowledge(first, by=team.ava)
    assert "1 person has still to be told" in browser.get(incident.get_absolute_url()).content.decode()


def test_a_debt_stands_on_the_page_of_the_one_who_owes_it_until_they_press(team: Any) -> None:
    mine, other = owed(team)
    browser = sign_in(team.ava)
    page = browser.get("/approvals/").content.decode()
    assert "Done without asking me" in page
    assert f"/approvals/debts/{mine.pk}/" in page
    assert str(other.pk) not in page
    assert browser.post(f"/approvals/debts/{other.pk}/acknowledgement/").status_code == 403
    assert browser.post(f"/approvals/debts/{mine.pk}/acknowledgement/").status_code == 302
    assert "Done without asking me" not in browser.get("/approvals/").content.decode()


def test_programs_read_and_acknowledge_their_own_persons_debts(team: Any) -> None:
    mine, other = owed(team)
    client = program(team.ava, "write")
    listed = client.get("/api/v1/debts").json()
    assert [(item["id"], item["acknowledged_at"]) for item in listed["items"]] == [(str(mine.pk), None)]
    assert client.post(f"/api/v1/debts/{other.pk}/acknowledgement").status_code == 403
    answer = client.post(f"/api/v1/debts/{mine.pk}/acknowledgement")
    assert (answer.status_code, answer.json()["acknowledged_at"] is None) == (201, False)
    assert client.get("/api/v1/debts").json()["items"] == []
