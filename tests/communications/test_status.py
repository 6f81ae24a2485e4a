"""The status page: plain words, phases, and never anything of the inside."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.checklists import lifecycle as checklists
from apps.communications.lifecycle import post_update
from apps.communications.status import status
from apps.incidents import lifecycle as incidents
from apps.incidents.models import Incident
from apps.timeline.log import SYSTEM
from tests.incidents.factories import released


def told(incident):
    return Incident.objects.told().get(pk=incident.pk)


def phases(incident):
    return {phase.name: phase.state for phase in status(told(incident)).phases}


@pytest.mark.django_db(transaction=True)
def test_the_phases_follow_the_incident(incident, ian):
    assert phases(incident)["investigating"] == "current"
    incidents.identify(incident, by=ian)
    incidents.begin_recovery(incident)
    seen = status(told(incident))
    assert [phase.state for phase in seen.phases] == ["past", "past", "current", "next", "next"]
    assert all(phase.at for phase in seen.phases[:3])
    assert "putting the previous version back" in seen.says
    incidents.monitor(incident)
    incidents.resolve(incident, by=ian)
    assert set(phases(incident).values()) == {"past"}
    assert status(told(incident)).affected.state == "working"


@pytest.mark.django_db(transaction=True)
def test_nothing_of_the_inside_ever_reaches_the_status_page(page, ian, stella, incident, environment):
    incident.summary = "canary-summary"
    incident.save()
    suspect = released(environment, "canary-version", 20, author="canary-author", summary="canary-release")
    incidents.note(incident, by=ian, text="canary-note")
    incidents.identify(incident, by=ian, suspect=suspect, reason="canary-reason")
    incidents.change_severity(incident, by=ian, severity="P0", reason="canary-severity")
    post_update(incident, by=ian, audience="internal", text="canary-update")
    items = [{"text": "canary-item", "role": "canary-role"}]
    listed = checklists.open_for(incident, uuid4(), "canary-list", items, by=SYSTEM)
    checklists.tick(listed.items.get(), by=ian, result="done", note="canary-tick", evidence="canary-evidence")
    incidents.begin_recovery(incident)
    incidents.halt_recovery(incident, reason="canary-halt")
    incidents.resolve(incident, by=ian, note="canary-resolution")
    post_update(incident, by=ian, audience="stakeholder", text="It works again.")
    browser = page(stella)
    for path in (
        "/",
        incident.status_url,
        incident.status_url + "?order=oldest",
        reverse("communications:status_now", args=[incident.pk]),
    ):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert "canary" not in answer.content.decode(), path
    assert "It works again." in browser.get(incident.status_url).content.decode()


def test_what_is_shown_first_is_what_is_sent_later(page, ian, stella, incident):
    post_update(incident, by=ian, audience="public", text="We are looking.", next_update_minutes=15)
    whole = page(ian).get(incident.status_url).content.decode()
    later = page(stella).get(reverse("communications:status_now", args=[incident.pk])).content.decode()
    fragment = later[later.index('<div id="status"') : later.index("</hx-partial>")]
    for line in ("We are looking.", 'data-phase="investigating"', "Next update, at the latest"):
        assert line in whole
        assert line in fragment
    assert "csrf" not in later


def test_a_late_promise_is_admitted(page, stella, ian, incident):
    post_update(incident, by=ian, audience="public", text="We are looking.", next_update_minutes=15)
    Incident.objects.filter(pk=incident.pk).update(next_update_at=timezone.now() - timedelta(minutes=2))
    assert "The next update is late" in page(stella).get(incident.status_url).content.decode()


def test_both_orders_are_offered_and_the_page_refreshes_without_scripts(page, stella, ian, incident):
    for text in ("First words", "Second words"):
        post_update(incident, by=ian, audience="public", text=text)
    newest = page(stella).get(incident.status_url).content.decode()
    assert newest.index("Second words") < newest.index("First words")
    assert '<noscript><meta http-equiv="refresh"' in newest
    oldest = page(stella).get(incident.status_url, {"order": "oldest"}).content.decode()
    assert oldest.index("First words") < oldest.index("Second words")


def test_a_stranger_finds_no_status_page(page, mallory, incident):
    for name in ("status", "status_stream", "status_now"):
        assert page(mallory).get(reverse(f"communications:{name}", args=[incident.pk])).status_code == 404


def test_an_update_is_posted_by_a_form_with_ready_texts(page, ian, stella, incident):
    path = reverse("communications:create_update", args=[incident.pk])
    browser = page(ian)
    assert "Ready texts" in browser.get(path).content.decode()
    answer = browser.post(
        path, {"audience": "stakeholder", "text": "We look.\r\nSoon more.", "next_update_minutes": "15"}
    )
    assert answer.url == incident.get_absolute_url()
    assert "We look.<br>Soon more." in browser.get(incident.status_url).content.decode()
    assert browser.post(path, {"audience": "nobody", "text": ""}).status_code == 422
    assert page(stella).post(path, {"audience": "public", "text": "x"}).status_code == 403
