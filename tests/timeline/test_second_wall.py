"""The second wall: behind every query that names its organisation, Postgres itself looks again."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client

from apps.accounts import second_factors
from apps.accounts.everywhere import people_of
from apps.accounts.models import Organisation, Person
from apps.incidents.models import Incident
from apps.timeline import second_wall
from apps.timeline.answers import Refused
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.factories import PersonFactory
from tests.deployments.factories import EnvironmentFactory
from tests.house.test_catalogue import tables
from tests.incidents.factories import IncidentFactory


@pytest.fixture
def two(db: None) -> tuple[Incident, Incident]:
    """An incident in each of two organisations."""
    return IncidentFactory(), IncidentFactory()


def said() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.organisation', true)")
        return cursor.fetchone()[0] or ""


def test_every_table_that_names_an_organisation_stands_behind_it(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(second_wall.UNWALLED)
        assert cursor.fetchall() == [], "Add RaiseSecondWall() to the migration that adds the table."
        cursor.execute("SELECT relname::text FROM pg_class WHERE relrowsecurity")
        behind = {name for (name,) in cursor.fetchall()}
    assert behind >= {name for name, walled in tables().items() if walled}


def test_a_query_that_forgot_its_organisation_finds_only_ones_own(two: tuple[Incident, Incident]) -> None:
    mine, theirs = two
    second_wall.raise_for(mine.organisation_id)
    assert list(Incident.objects.all()) == [mine]
    assert not Incident.objects.filter(pk=theirs.pk).exists()
    assert Incident.objects.filter(pk=theirs.pk).update(title="Mine now") == 0
    assert {event.organisation_id for event in Event.objects.all()} <= {mine.organisation_id}
    second_wall.lower()
    assert Incident.objects.count() == 2


def test_nothing_is_written_for_another_organisation(two: tuple[Incident, Incident]) -> None:
    mine, theirs = two
    second_wall.raise_for(mine.organisation_id)
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        IncidentFactory(environment=theirs.environment)
    with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
        Incident.objects.filter(pk=mine.pk).update(organisation=theirs.organisation)
    second_wall.lower()


def test_a_deed_about_everybody_lowers_it_for_as_long_as_it_takes(two: tuple[Incident, Incident]) -> None:
    mine, _ = two
    second_wall.raise_for(mine.organisation_id)
    with second_wall.lowered():
        assert Incident.objects.count() == 2
    assert Incident.objects.count() == 1
    with pytest.raises(ProgrammingError), transaction.atomic(), second_wall.lowered(), connection.cursor() as cursor:
        cursor.execute("SELECT nonsense")
    assert said() == str(mine.organisation_id), "a deed that failed leaves it as it was"
    assert Incident.objects.count() == 1
    second_wall.lower()
    assert said() == ""


def test_a_request_raises_it_and_lowers_it_again(two: tuple[Incident, Incident]) -> None:
    seen: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "incidents_incident" in sql:
            seen.append(context["connection"].connection.walled)
        return result

    person = PersonFactory(organisation=two[0].organisation, roles=("incident-commander",))
    client = Client()
    client.force_login(person.user)
    with connection.execute_wrapper(look):
        assert client.get("/incidents/").status_code == 200
    assert seen
    assert set(seen) == {str(person.organisation_id)}
    assert said() == ""


def test_freezing_everything_reaches_behind_everybodys_wall(db: None) -> None:
    mine, theirs = EnvironmentFactory(), EnvironmentFactory()
    from apps.deployments.freezing import freeze_all
    from apps.deployments.models import FreezeSwitch

    for environment in (mine, theirs):
        FreezeSwitch.objects.get_or_create(organisation_id=environment.organisation_id, environment=environment)
    second_wall.raise_for(mine.organisation_id)
    person = PersonFactory(organisation=mine.organisation)
    freeze_all(mine.organisation, by=person, stops="rollbacks", reason="Everything burns")
    second_wall.lower()
    assert set(FreezeSwitch.objects.values_list("frozen", flat=True)) == {True}
    assert Organisation.objects.count() == 2


def test_a_connection_goes_back_to_the_pool_without_it(db: None) -> None:
    with psycopg.connect(_address(), autocommit=True) as link:
        link.execute("SELECT set_config('app.organisation', %s, false)", ["00000000-0000-0000-0000-000000000001"])
        link.walled = "00000000-0000-0000-0000-000000000001"  # type: ignore[attr-defined]
        second_wall.take_down(link)
        assert link.execute("SELECT current_setting('app.organisation', true)").fetchone() == ("",)
        assert link.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def _address() -> str:
    named = {key: value for key, value in connection.get_connection_params().items() if key in ADDRESS and value}
    return psycopg.conninfo.make_conninfo(**named)


ADDRESS = {"dbname", "user", "password", "host", "port"}


def test_an_answer_stays_an_answer_when_postgres_goes_away_before_the_wall_is_lowered(transactional_db: None) -> None:
    incident = IncidentFactory()
    second_wall.raise_for(incident.organisation_id)
    connection.connection.close()
    second_wall.lower()
    assert Incident.objects.count() == 1, "on a connection of its own"
    assert said() == ""


def test_an_account_of_two_organisations_is_seen_whole_from_each(db: None) -> None:
    here, there = PersonFactory(), PersonFactory()
    Person.objects.filter(pk=there.pk).update(user=here.user)
    Authenticator.objects.create(user=here.user, type=Authenticator.Type.TOTP, data={})
    second_wall.raise_for(here.organisation_id)
    assert {each.pk for each in people_of(here.user)} == {here.pk, there.pk}
    with pytest.raises(Refused, match="other organisations"):
        second_factors.forget_all(here, by=SYSTEM)
    assert said() == str(here.organisation_id)
    second_wall.lower()
