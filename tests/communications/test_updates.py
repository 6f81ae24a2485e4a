"""Telling people: updates, promises, ready texts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.communications import lifecycle
from apps.communications.lifecycle import post_update
from apps.communications.models import Update
from apps.incidents import lifecycle as incidents
from apps.incidents.following import promised
from apps.timeline.answers import Forbidden, Unacceptable
from apps.timeline.models import Event


def test_an_update_is_recorded_for_its_audience_and_promises_the_next(incident, ian):
    post_update(incident, by=ian, audience="stakeholder", text="We are looking.", next_update_minutes=15)
    incident.refresh_from_db()
    assert timedelta(minutes=14) < incident.next_update_at - timezone.now() <= timedelta(minutes=15)
    told = Event.objects.get(kind="update.posted")
    assert (told.visibility, told.text) == ("stakeholder", "Ian Commander told stakeholders: We are looking.")
    assert [promise.title for promise in promised(incident.organisation_id)] == [f"Next update: {incident.title}"]


def test_words_to_stakeholders_keep_the_promise_and_words_to_the_team_do_not(incident, ian):
    post_update(incident, by=ian, audience="stakeholder", text="One", next_update_minutes=15)
    post_update(incident, by=ian, audience="internal", text="Two")
    incident.refresh_from_db()
    assert incident.next_update_at
    post_update(incident, by=ian, audience="public", text="Three")
    incident.refresh_from_db()
    assert incident.next_update_at is None


def test_a_double_press_tells_nobody_twice(incident, ian):
    for _ in range(2):
        post_update(incident, by=ian, audience="public", text="One", next_update_minutes=15)
    assert Update.objects.count() == 1


def test_a_promise_that_was_not_kept_is_recorded_once(incident, ian):
    post_update(incident, by=ian, audience="public", text="One", next_update_minutes=15)
    assert not lifecycle.tell_overdue(incident)
    incident.next_update_at = timezone.now() - timedelta(minutes=1)
    incident.save()
    assert [lifecycle.tell_overdue(incident) for _ in range(3)] == [True, False, False]
    assert Event.objects.filter(kind="update.overdue").count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"audience": "friends"}, "audience"),
        ({"text": " "}, "text"),
        ({"text": "x" * 5000}, "text"),
        ({"phase": "celebrating"}, "phase"),
        ({"next_update_minutes": 0}, "next_update_minutes"),
        ({"next_update_minutes": 10**9}, "next_update_minutes"),
    ],
)
def test_what_cannot_be_told_is_refused_by_its_field(incident, ian, given, field):
    with pytest.raises(Unacceptable) as refusal:
        post_update(incident, **{"by": ian, "audience": "public", "text": "One", **given})
    assert refusal.value.extra["field"] == field
    assert not Update.objects.exists()


def test_a_resolved_incident_promises_nothing(incident, ian):
    incidents.resolve(incident, by=ian)
    with pytest.raises(Unacceptable, match="no next update is due"):
        post_update(incident, by=ian, audience="public", text="One", next_update_minutes=15)
    assert post_update(incident, by=ian, audience="public", text="One").phase == "resolved"


def test_a_stakeholder_and_a_stranger_cannot_tell_anybody(incident, stella, mallory):
    for person in (stella, mallory):
        with pytest.raises(Forbidden):
            post_update(incident, by=person, audience="public", text="One")


def test_programs_post_updates_by_text_or_template(program, ian, incident):
    caller = program(ian)
    path = f"/incidents/{incident.pk}/updates"
    answer = caller.post(path, {"audience": "public", "text": "One", "next_update_minutes": 5})
    assert (answer.status_code, answer.json()["phase"]) == (201, "investigating")
    assert caller.post(path, {"audience": "public"}).json()["field"] == "text"
    assert caller.post(path, {"audience": "public", "template": "nope"}).json()["field"] == "template"
    assert caller.post(path, {"audience": "x", "text": "One"}).json()["field"] == "audience"


def test_stakeholders_tokens_read_only_what_stakeholders_are_told(program, ian, stella, incident):
    post_update(incident, by=ian, audience="internal", text="canary")
    post_update(incident, by=ian, audience="public", text="open")
    items = program(stella).get(f"/incidents/{incident.pk}/updates").json()["items"]
    assert [item["text"] for item in items] == ["open"]
    assert program(stella).post(f"/incidents/{incident.pk}/updates", {"audience": "public"}).status_code == 403
