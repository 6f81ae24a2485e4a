"""Checklists are opened once and ticked by several people; every tick is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connections, transaction

from apps.checklists import lifecycle
from apps.checklists.models import Checklist, Item, Tick
from apps.incidents.following import promised
from apps.timeline.answers import Forbidden, Unacceptable
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.checklists.conftest import ITEMS


def test_opening_the_same_list_again_opens_no_second(incident, checklist):
    again = lifecycle.open_for(incident, checklist.rollback_id, checklist.title, ITEMS, by=SYSTEM)
    assert again == checklist
    assert Checklist.objects.count() == 1
    assert [item.text for item in checklist.items.all()] == [item["text"] for item in ITEMS]


def test_the_newest_tick_counts_and_all_are_kept(item, ian, tess):
    lifecycle.tick(item, by=ian, result="done", note="Same counts", evidence="https://counts.example/1")
    lifecycle.tick(item, by=tess, result="undone", note="One table was missing")
    lifecycle.tick(item, by=tess, result="not_applicable")
    item.refresh_from_db()
    assert item.state == "not_applicable"
    assert [tick.result for tick in item.ticks.all()] == ["not_applicable", "undone", "done"]
    assert item.newest.person == tess
    said = Event.objects.filter(kind__startswith="checklist.item").order_by("pk")
    assert [event.text for event in said] == [
        "Ian Commander ticked: Compare row counts – Same counts",
        "Tess Technical took back the tick: Compare row counts – One table was missing",
        "Tess Technical ruled out as not applicable: Compare row counts",
    ]
    assert {event.incident_id for event in said} == {item.checklist.incident_id}


def test_a_double_press_is_one_tick(item, ian):
    lifecycle.tick(item, by=ian, result="done")
    lifecycle.tick(item, by=ian, result="done")
    assert Tick.objects.count() == 1


def test_somebody_without_the_right_cannot_tick(item, stella, mallory):
    for person in (stella, mallory):
        with pytest.raises(Forbidden):
            lifecycle.tick(item, by=person, result="done")
    assert not Tick.objects.exists()


@pytest.mark.parametrize("given", [{"result": "perhaps"}, {"result": "undone"}, {"result": "done", "note": "x" * 5000}])
def test_what_cannot_be_kept_is_refused(item, ian, given):
    with pytest.raises(Unacceptable):
        lifecycle.tick(item, by=ian, **given)
    item.refresh_from_db()
    assert item.state == "open"


def test_an_open_item_with_a_due_time_is_a_promise(item, ian, environment):
    found = promised(environment.organisation_id)
    assert [promise.title for promise in found] == ["Compare row counts"]
    lifecycle.tick(item, by=ian, result="done")
    assert promised(environment.organisation_id) == []


@pytest.mark.django_db(transaction=True)
def test_of_several_people_pressing_at_once_the_first_one_has_ticked_it(checklist, ian, tess):
    first, second, third = checklist.items.all()

    def press(pair):
        try:
            lifecycle.tick(pair[0], by=pair[1], result="done")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(press, [(item, person) for item in (first, second, third) for person in (ian, tess)]))
    assert Tick.objects.count() == 3
    assert set(Item.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.django_db(transaction=True)
def test_the_database_keeps_every_tick(item, ian):
    lifecycle.tick(item, by=ian, result="done")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Tick.objects.update(result="not_applicable")
