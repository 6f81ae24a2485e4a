"""The record: written with the change or not at all, chained, append-only, and verifiable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from hypothesis import HealthCheck, given, settings, strategies

from apps.accounts.models import Organisation
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event
from apps.timeline.verifying import verify
from tests.timeline.forging import noted


def test_an_event_outside_a_transaction_is_refused(team: Organisation) -> None:
    with pytest.raises(RuntimeError):
        record(noted(), team, by=SYSTEM, what="x")


def test_a_change_that_is_rolled_back_leaves_no_event(team: Organisation) -> None:
    before = Event.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record(noted(), team, by=SYSTEM, what="x")
        raise ZeroDivisionError
    assert Event.objects.count() == before


def test_numbers_have_no_gap_and_the_chain_holds_under_a_race(team: Organisation) -> None:
    def write(number: int) -> None:
        try:
            with transaction.atomic():
                record(noted(), team, by=SYSTEM, what=number)
                if number % 7 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(60)))
    seqs = list(Event.objects.filter(organisation=team).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))
    assert verify(team.pk)[1] is None


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE timeline_event SET text = 'nothing happened'",
        "DELETE FROM timeline_event",
        "UPDATE timeline_event SET seq = seq + 1",
    ],
)
def test_the_record_is_append_only(team: Organisation, attack: str) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
    assert caught.value.__cause__.sqlstate == "RG011"  # type: ignore[union-attr]


def test_the_record_cannot_be_emptied(team: Organisation) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE timeline_event ENABLE TRIGGER event_is_never_emptied")
        cursor.execute("TRUNCATE timeline_event CASCADE")


def test_a_rewritten_record_is_found_and_named(team: Organisation, capsys: Any) -> None:
    for number in range(5):
        with transaction.atomic():
            record(noted(), team, by=SYSTEM, what=number)
    call_command("audit", "verify")
    victim = Event.objects.filter(organisation=team).order_by("seq")[2]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE timeline_event DISABLE TRIGGER event_never_changes")
        cursor.execute("UPDATE timeline_event SET text = 'forged' WHERE id = %s", [victim.pk])
        cursor.execute("ALTER TABLE timeline_event ENABLE TRIGGER event_never_changes")
    with pytest.raises(CommandError) as caught:
        call_command("audit", "verify")
    assert f"number {victim.seq}" in str(caught.value)


@given(text=strategies.text(max_size=200))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_people_write_can_be_recorded_and_verified(team: Organisation, text: str) -> None:
    with transaction.atomic():
        event = record(noted(), team, by=SYSTEM, what=text, number=float("nan"), nested={"a\x00": [text]})
    event.refresh_from_db()
    assert event.seq
    assert verify(team.pk)[1] is None
