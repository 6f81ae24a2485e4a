"""What the streams of incidents send, and to whom."""

from __future__ import annotations

import json

import pytest

from apps.accounts import lifecycle as accounts
from apps.communications.lifecycle import post_update
from apps.incidents import lifecycle, live
from apps.timeline import topics
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.incidents.factories import IncidentFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def incident(environment):
    return IncidentFactory(environment=environment)


@pytest.fixture
def news(incident, ian):
    """An internal note and a public word, as the hub reads them."""
    lifecycle.note(incident, by=ian, text="canary\nof two lines")
    post_update(incident, by=ian, audience="public", text="for all")
    return list(Event.objects.filter(incident=incident).exclude(kind="incident.declared").order_by("seq"))


def frames(incident, name, audience, news):
    topic = topics.Topic(incident.organisation_id, name, str(incident.pk), audience)
    return topics.frames_for(topic, news)


def test_programs_get_each_event_once_as_json_on_one_line(incident, news):
    sent = frames(incident, "incident-items", live.INSIDE, news)
    assert [seq for seq, _ in sent] == [event.seq for event in news]
    assert all("\n" not in text for _, text in sent)
    assert [json.loads(text)["kind"] for _, text in sent] == ["incident.noted", "update.posted"]


def test_outsiders_streams_carry_nothing_internal(incident, news):
    sent = frames(incident, "incident-items-for-outsiders", live.OUTSIDE, news)
    assert [json.loads(text)["kind"] for _, text in sent] == ["update.posted"]
    (_, page), *more = frames(incident, "status", live.OUTSIDE, news)
    assert "for all" in page
    assert "canary" not in page
    assert more == []


def test_a_note_does_not_even_wake_the_status_page(incident, news):
    assert frames(incident, "status", live.OUTSIDE, news[:1]) == []


def test_many_events_at_once_are_one_frame_of_a_page(incident, news):
    for name in ("incident", "incident-oldest-first"):
        ((seq, page),) = frames(incident, name, live.INSIDE, news)
        assert seq == news[-1].seq
        assert "canary" in page
    home = topics.Topic(incident.organisation_id, "now", str(incident.organisation_id), live.INSIDE)
    ((_, page),) = topics.frames_for(home, news)
    assert "hx-partial" in page


def test_events_of_another_incident_send_nothing(environment, incident, news):
    other = IncidentFactory(environment=environment)
    for name, audience in (("incident", live.INSIDE), ("incident-items", live.INSIDE), ("status", live.OUTSIDE)):
        assert frames(other, name, audience, news) == []


def test_a_stream_ends_when_its_reader_may_no_longer_see_the_inside(incident, ian, stella):
    inside, outside = live.still(ian, live.INSIDE, incident), live.still(stella, live.OUTSIDE, incident)
    assert inside()
    assert outside()
    accounts.take_role(ian, ian.roles.get(), by=SYSTEM)
    accounts.deactivate_person(stella, by=SYSTEM)
    assert not inside()
    assert not outside()
