"""The record and the walls between organisations, raced: nothing unrecorded, no gap, nothing across.

Eight connections write 20 records each, or meet `ROUNDS` times (12), in two of three rounds in the middle of their
transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Event as Flag
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Organisation
from apps.deployments.models import Environment, Service
from apps.incidents.events import SEVERITY_CHANGED
from apps.incidents.models import Incident
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event, Head
from apps.timeline.verifying import verify
from tests.accounts.factories import OrganisationFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory
from tests.incidents.factories import IncidentFactory
from tests.racing import Racers, racers, refusals
from tests.timeline.test_log import noted

ROUNDS = 12
CROWD = 8
EACH = 20


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[Racers]:
    with django_db_blocker.unblock(), racers(CROWD + 1) as made:
        yield made


@pytest.fixture
def teams(transactional_db: None) -> list[Organisation]:
    return [OrganisationFactory(), OrganisationFactory()]


class Undone(Exception):
    """Takes back what was written."""


def write(teams: list[Organisation], mine: int) -> int:
    """Write records of both organisations in the same order of organisations; take every fifth back."""
    written = 0
    for number in range(EACH):
        try:
            with transaction.atomic():
                for team in teams:
                    record(noted(), team, by=SYSTEM, what=f"{mine}.{number}")
                if number % 5 == 4:
                    raise Undone
            written += 1
        except Undone:
            continue
    return written


def watch(team: Organisation, done: Flag) -> int:
    """Read what is visible until all are done: always every number from 1 up to the newest."""
    looks = 0
    while not done.is_set():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), coalesce(max(seq), 0) FROM timeline_event WHERE organisation_id = %s", [team.pk]
            )
            count, newest = cursor.fetchone()
        assert count == newest, f"{count} records are visible up to number {newest}"
        looks += 1
    return looks


def test_many_writers_leave_no_gap_and_an_unbroken_chain(crowd: Racers, teams: list[Organisation]) -> None:
    before = {team.pk: Event.objects.filter(organisation=team).count() for team in teams}
    done, left = Flag(), list(range(CROWD))

    def deed(mine: int) -> int:
        try:
            return write(teams, mine)
        finally:
            left.remove(mine)
            if not left:
                done.set()

    answers = crowd.together(partial(watch, teams[0], done), *(partial(deed, mine) for mine in range(CROWD)))
    assert all(answers)
    assert answers[0].value > 1
    written = sum(answer.value for answer in answers[1:])
    assert written == CROWD * EACH * 4 // 5
    for team in teams:
        expected = before[team.pk] + written
        numbers = list(Event.objects.filter(organisation=team).order_by("seq").values_list("seq", flat=True))
        assert numbers == list(range(1, expected + 1))
        assert Head.objects.get(organisation=team).seq == expected
        assert verify(team.pk) == (expected, None)


def test_the_record_holds_while_it_is_attacked_and_written_at_once(crowd: Racers, teams: list[Organisation]) -> None:
    team = teams[0]

    def attack(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [team.pk])

    @transaction.atomic
    def forge() -> None:
        """Write a record that says which number and hash it has."""
        event = record(noted(), team, by=SYSTEM, what="first")
        Event.objects.create(
            organisation=team, kind="test.noted", text="x", subject_kind="x", subject_id="x", actor_name="x",
            occurred_at=event.occurred_at, seq=1, hash=b"forged", previous_hash=b"", body="{}", transaction=1,
        )  # fmt: skip

    attacks = [
        "UPDATE timeline_event SET text = 'nothing happened' WHERE organisation_id = %s",
        "UPDATE timeline_event SET seq = seq + 1 WHERE organisation_id = %s",
        "DELETE FROM timeline_event WHERE organisation_id = %s",
    ]
    for _ in range(ROUNDS):
        answers = crowd.together(
            *(partial(attack, each) for each in attacks), forge, *[partial(write, [team], 0)] * (CROWD - 4)
        )  # fmt: skip
        assert [answer.refused for answer in answers] == ["RG011"] * len(attacks) + [""] * (CROWD - 3)
    count = Event.objects.filter(organisation=team).count()
    assert verify(team.pk) == (count, None)


@transaction.atomic
def change(incident: Incident, state: str, *, tells: bool) -> None:
    """Give an incident a state past every rule of Python, with or without a record of it."""
    Incident.objects.filter(pk=incident.pk).update(state=state)
    if tells:
        record(SEVERITY_CHANGED, incident, by=SYSTEM, incident=incident, before="x", after="x", because="")


def test_nobody_elses_record_covers_a_change(crowd: Racers, teams: list[Organisation]) -> None:
    service = ServiceFactory(organisation=teams[0])
    environment = EnvironmentFactory(service=service)
    incidents = [IncidentFactory(environment=environment) for _ in range(CROWD)]
    for number in range(ROUNDS):
        wanted = ["investigating" if number % 2 else "identified", "identified"] * (CROWD // 2)
        deeds = [
            partial(change, incident, state, tells=place % 2 == 0)
            for place, (incident, state) in enumerate(zip(incidents, wanted, strict=True))
        ]
        answers = crowd.together(*deeds)
        assert [answer.refused for answer in answers] == ["", "RG012"] * (CROWD // 2)
        states = [Incident.objects.get(pk=each.pk).state for each in incidents]
        assert states == [wanted[0], "investigating"] * (CROWD // 2)
    for number in range(ROUNDS):
        told, silent = crowd.meet(
            number,
            partial(change, incidents[0], ("identified", "investigating")[number % 2], tells=True),
            partial(change, incidents[1], "identified", tells=False),
        )
        assert told
        assert silent.refused == "RG012"


def test_a_reference_never_crosses_while_its_row_is_moved(crowd: Racers, teams: list[Organisation]) -> None:
    """A row moves to another organisation while one of its old organisation refers to it: one of the two fails."""
    here, there = teams
    met = {"moved": 0, "referred": 0}
    for number in range(ROUNDS * 2):
        service = Service.objects.create(organisation=here, slug=f"s{number}", name="x")
        refer = partial(Environment.objects.create, organisation=here, service=service, name="production")
        move = partial(Service.objects.filter(pk=service.pk).update, organisation=there)
        referred, moved = crowd.meet(number, refer, move)
        assert bool(referred) != bool(moved)
        assert refusals([referred, moved]) == {"23503"}
        met["moved" if moved else "referred"] += 1
    assert min(met.values()) >= ROUNDS // 2, met
    for environment in Environment.objects.select_related("service"):
        assert environment.organisation_id == environment.service.organisation_id


def test_many_references_across_at_once_are_all_refused(crowd: Racers, teams: list[Organisation]) -> None:
    here, there = teams
    service = ServiceFactory(organisation=here)
    other = ServiceFactory(organisation=there)
    environment = EnvironmentFactory(service=service)
    cross = [
        partial(Environment.objects.create, organisation=there, service=service, name="stolen"),
        partial(Environment.objects.create, organisation=here, service=other, name="stolen"),
        partial(Environment.objects.filter(pk=environment.pk).update, service=other),
        partial(Environment.objects.filter(pk=environment.pk).update, organisation=there),
    ]
    for _ in range(ROUNDS):
        answers = crowd.together(*cross * (CROWD // len(cross)))
        assert refusals(answers) == {"23503"}
        assert not any(answers)
