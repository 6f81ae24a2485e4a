"""The life of an incident: declared, led, identified, recovered, resolved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from apps.incidents import lifecycle
from apps.incidents.models import Incident
from apps.incidents.states import MOVES
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.factories import OrganisationFactory
from tests.incidents.factories import IncidentFactory, place, released

pytestmark = pytest.mark.django_db


def kinds(incident):
    return list(Event.objects.filter(incident=incident).order_by("pk").values_list("kind", flat=True))


def test_three_facts_are_enough_to_declare_and_whoever_declares_leads(environment, ian):
    incident = lifecycle.declare(
        environment.organisation, by=ian, title="Share links fail", severity="P1",
        service=environment.service, environment=environment,
    )  # fmt: skip
    assert (incident.state, incident.reference, incident.commander) == ("investigating", "INC-1", ian)
    assert kinds(incident) == ["incident.declared"]


def test_incidents_are_counted_per_organisation(environment):
    assert [IncidentFactory(environment=environment).number for _ in range(3)] == [1, 2, 3]
    assert IncidentFactory(environment=place(OrganisationFactory())).number == 1


def test_a_stakeholder_cannot_declare(environment, stella):
    with pytest.raises(Forbidden, match="may declare and resolve incidents"):
        IncidentFactory(environment=environment, by=stella)
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"severity": "P9"}, "severity"),
        ({"started_at": timezone.now() + timedelta(days=1)}, "started_at"),
        ({"affected_users_percent": 101.0}, "affected_users_percent"),
        ({"summary": "x" * 5000}, "summary"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_field(environment, given, field):
    with pytest.raises(Unacceptable) as refusal:
        IncidentFactory(environment=environment, **given)
    assert refusal.value.extra["field"] == field
    assert not Incident.objects.exists()


def test_the_environment_must_be_one_of_the_service(environment):
    elsewhere = place(OrganisationFactory())
    with pytest.raises(Unacceptable) as refusal:
        lifecycle.declare(
            environment.organisation, by=SYSTEM, title="x", severity="P1",
            service=environment.service, environment=elsewhere,
        )  # fmt: skip
    assert refusal.value.code == "unknown_reference"


def test_the_whole_way_to_resolved(environment, ian):
    release = released(environment, "v2.31.0", 20)
    incident = IncidentFactory(environment=environment)
    lifecycle.take_command(incident, by=ian)
    lifecycle.identify(incident, by=ian, suspect=release, reason="Errors began after it")
    lifecycle.begin_recovery(incident)
    lifecycle.monitor(incident)
    resolved = lifecycle.resolve(incident, by=ian, note="Secret cause")
    assert resolved.state == "resolved"
    assert resolved.resolved_at is not None
    assert kinds(incident) == [
        "incident.declared", "incident.command_taken", "incident.suspected", "incident.identified",
        "incident.recovery_begun", "incident.monitored", "incident.noted", "incident.resolved",
    ]  # fmt: skip


def test_what_stakeholders_read_names_no_note_and_no_cause(environment, ian):
    incident = IncidentFactory(environment=environment, summary="canary-summary")
    lifecycle.note(incident, by=ian, text="canary-note")
    lifecycle.identify(incident, by=ian, suspect=released(environment, "canary-version", 20), reason="canary-reason")
    lifecycle.change_severity(incident, by=ian, severity="P0", reason="canary-severity")
    lifecycle.resolve(incident, by=ian, note="canary-resolution")
    told = Event.objects.filter(incident=incident).exclude(visibility="internal")
    assert told.count() == 3
    assert not [event for event in told if "canary" in f"{event.text}{event.details}"]


def test_resolving_while_a_rollback_runs_is_refused(environment, ian):
    incident = IncidentFactory(environment=environment)
    lifecycle.begin_recovery(incident)
    with pytest.raises(Refused, match="rollback of this incident is under way"):
        lifecycle.resolve(incident, by=ian)
    lifecycle.halt_recovery(incident, reason="It failed.")
    assert lifecycle.resolve(incident, by=ian).state == "resolved"


def test_a_resolved_incident_stays_resolved_but_takes_notes(environment, ian):
    incident = IncidentFactory(environment=environment)
    lifecycle.resolve(incident, by=ian)
    for deed in (lifecycle.resolve, lifecycle.take_command, lifecycle.identify, lifecycle.begin_recovery):
        with pytest.raises(Refused) as refusal:
            deed(incident, by=ian)
        assert refusal.value.extra["state"] == "resolved"
    lifecycle.note(incident, by=ian, text="A thought afterwards")
    assert kinds(incident)[-1] == "incident.noted"


def test_repeating_what_the_engine_says_changes_nothing(environment):
    incident = IncidentFactory(environment=environment)
    lifecycle.monitor(incident)
    lifecycle.halt_recovery(incident, reason="no run")
    lifecycle.begin_recovery(incident)
    lifecycle.begin_recovery(incident)
    lifecycle.monitor(incident)
    lifecycle.monitor(incident)
    assert kinds(incident) == ["incident.declared", "incident.recovery_begun", "incident.monitored"]


def test_every_move_of_the_table_ends_in_a_state_of_the_table():
    assert {to for moves in MOVES.values() for to in moves} <= set(MOVES)


@pytest.mark.django_db(transaction=True)
def test_a_change_of_state_without_a_record_is_refused_by_the_database(environment):
    incident = IncidentFactory(environment=environment)
    with pytest.raises(DatabaseError, match="was not recorded"), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(state="identified")


@pytest.mark.django_db(transaction=True)
def test_incidents_declared_at_the_same_time_get_different_numbers(environment):
    def declare(_):
        try:
            return IncidentFactory(environment=environment).number
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(declare, range(16))) == list(range(1, 17))
