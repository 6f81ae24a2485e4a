"""The pages of incidents: what stands on them, for whom, and at what cost."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.communications.lifecycle import post_update
from apps.incidents import lifecycle
from apps.incidents.models import Incident
from tests.incidents.factories import IncidentFactory, released


@pytest.fixture
def trouble(environment):
    """A bad release is live, the one before is known to be good, and an incident is declared."""
    released(environment, "v2.30.4", 5 * 24 * 60, good=True)
    released(environment, "v2.31.0", 14, author="Tom Okafor")
    started = timezone.now() - timezone.timedelta(minutes=9)
    return IncidentFactory(environment=environment, started_at=started, affected_users_percent=65)


def test_the_home_page_says_what_is_broken_which_release_which_way_back_and_what_now(page, ian, trouble):
    text = page(ian).get("/").content.decode()
    for fact in ("Share links fail for agencies", "v2.31.0", "Tom Okafor", "v2.30.4", "65 %", "left to recover"):
        assert fact in text
    assert "Propose rollback to v2.30.4" in text
    assert text.count('class="button primary large"') == 1


def test_the_suspect_is_ranked_before_older_releases(page, ian, trouble):
    text = page(ian).get("/").content.decode()
    assert "The issue began 5 min" in text


def test_without_an_incident_all_is_quiet_and_the_last_ones_are_listed(page, ian, environment):
    lifecycle.resolve(IncidentFactory(environment=environment, title="Yesterday"), by=ian)
    text = page(ian).get("/").content.decode()
    assert "Nothing is broken that we know of" in text
    assert "Declare an incident" in text
    assert "Yesterday" in text


def test_a_stakeholder_sees_only_status_pages(page, stella, trouble):
    browser = page(stella)
    text = browser.get("/").content.decode()
    assert reverse("communications:status", args=[trouble.pk]) in text
    assert "v2.31.0" not in text
    assert browser.get(trouble.get_absolute_url()).url == trouble.status_url
    assert browser.get("/incidents/").url == "/"
    for name in ("incidents:stream", "incidents:now", "incidents:next", "incidents:picture", "incidents:timeline"):
        assert browser.get(reverse(name, args=[trouble.pk])).status_code == 403
    for path in ("/now/", "/now/stream/", "/audit/"):
        assert browser.get(path).status_code == 403


def test_a_stranger_finds_nothing(page, mallory, trouble):
    browser = page(mallory)
    assert "Share links" not in browser.get("/").content.decode()
    assert "Share links" not in browser.get("/incidents/").content.decode()
    for name in ("incident", "stream", "now", "next", "picture", "timeline"):
        assert browser.get(reverse(f"incidents:{name}", args=[trouble.pk])).status_code == 404
    for name in ("create_note", "create_severity", "create_command", "create_cause", "create_resolution"):
        assert browser.post(reverse(f"incidents:{name}", args=[trouble.pk])).status_code == 404


def test_an_incident_is_declared_by_three_fields(page, ian, environment):
    given = {"title": "Links fail", "severity": "P1", "environment": environment.pk}
    answer = page(ian).post("/incidents/new/", given)
    incident = Incident.objects.get()
    assert answer.url == incident.get_absolute_url()
    assert (incident.title, incident.commander) == ("Links fail", ian)


def test_a_form_that_cannot_be_used_says_so_beside_the_field(page, ian, environment):
    given = {"title": "", "severity": "P1", "environment": environment.pk, "started_at": "2999-01-01T00:00"}
    answer = page(ian).post("/incidents/new/", given)
    assert answer.status_code == 422
    given["title"] = "Links fail"
    answer = page(ian).post("/incidents/new/", given)
    assert "lies in the future" in answer.content.decode()
    assert not Incident.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_every_deed_on_the_page_works_by_a_plain_form(page, ian, trouble, environment):
    browser = page(ian)
    suspect = environment.deployments.get(version="v2.31.0")
    for name, given in (
        ("create_command", {}),
        ("create_note", {"text": "Line one\r\nline two"}),
        ("create_severity", {"severity": "P0", "reason": "all of them"}),
        ("create_cause", {"suspect": suspect.pk, "reason": "errors began after it"}),
        ("create_resolution", {"note": "restarted"}),
    ):
        answer = browser.post(reverse(f"incidents:{name}", args=[trouble.pk]), given)
        assert answer.url == trouble.get_absolute_url(), name
    trouble.refresh_from_db()
    assert (trouble.state, trouble.severity, trouble.suspect) == ("resolved", "P0", suspect)
    text = browser.get(trouble.get_absolute_url()).content.decode()
    assert "Line one" in text
    assert "resolved the incident" in text


def test_a_refused_deed_says_why_and_changes_nothing(page, ian, trouble):
    browser = page(ian)
    lifecycle.begin_recovery(trouble)
    answer = browser.post(reverse("incidents:create_resolution", args=[trouble.pk]))
    assert answer.status_code == 409
    assert "rollback of this incident is under way" in answer.content.decode()
    assert browser.post(reverse("incidents:create_note", args=[trouble.pk]), {"text": " "}).status_code == 422


def test_what_people_type_is_shown_as_text(page, ian, environment):
    incident = IncidentFactory(environment=environment, title="<script>alert(1)</script>\u202egnp")
    lifecycle.note(incident, by=ian, text="<img src=x onerror=alert(1)>")
    for path in ("/", "/incidents/", incident.get_absolute_url(), incident.status_url):
        text = page(ian).get(path).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text


def test_the_list_filters_and_pages(page, ian, environment):
    for number in range(30):
        IncidentFactory(environment=environment, title=f"Number {number:02}", severity=f"P{number % 4}")
    browser = page(ian)
    text = browser.get("/incidents/").content.decode()
    assert text.count("data-incident=") == 25
    assert "Show earlier" in text
    assert browser.get("/incidents/", {"severity": "P2"}).content.decode().count("data-incident=") == 7
    assert browser.get("/incidents/", {"q": "number 07"}).content.decode().count("data-incident=") == 1
    assert "No incident fits these filters" in browser.get("/incidents/", {"q": "zebra"}).content.decode()
    assert browser.get("/incidents/", {"severity": "P9"}).status_code == 200
    assert browser.get("/incidents/", {"after": "garbage"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_fragments_of_the_stream_are_those_of_the_page(page, ian, trouble):
    browser = page(ian)
    for path, now in (("/", "/now/"), (trouble.get_absolute_url(), reverse("incidents:now", args=[trouble.pk]))):
        whole = browser.get(path).content.decode()
        partials = browser.get(now).content.decode()
        assert partials.count("<hx-partial") == 4
        assert "csrf" not in partials
        for fragment in ('id="now-production"',) if path == "/" else ('id="rollbacks"', 'id="timeline"'):
            assert fragment in whole
            assert fragment in partials


@pytest.mark.django_db(transaction=True)
def test_the_whole_timeline_is_read_page_by_page(page, ian, trouble):
    for number in range(70):
        lifecycle.note(trouble, by=ian, text=f"note {number:02}")
    browser = page(ian)
    first = browser.get(reverse("incidents:timeline", args=[trouble.pk]))
    text = first.content.decode()
    assert "note 69" in text
    assert "note 05" not in text
    older = browser.get(reverse("incidents:timeline", args=[trouble.pk]) + first.context["older_url"])
    assert "note 05" in older.content.decode()
    oldest = browser.get(trouble.get_absolute_url(), {"order": "oldest"}).content.decode()
    assert oldest.index("note 60") < oldest.index("note 69")


@pytest.mark.django_db(transaction=True)
def test_the_record_can_be_searched(page, ian, trouble):
    browser = page(ian)
    assert "declared P1" in browser.get("/audit/").content.decode()
    assert "declared P1" not in browser.get("/audit/", {"q": "zebra"}).content.decode()
    assert browser.get("/audit/", {"kind": "incident.", "actor": "portal"}).status_code == 200
    assert browser.get("/audit/", {"before": "x"}).status_code == 422


def test_pages_cost_few_queries_however_much_happened(page, ian, trouble, environment, django_assert_max_num_queries):
    browser = page(ian)
    for path, most in (("/", 25), (trouble.get_absolute_url(), 22), ("/incidents/", 10), (trouble.status_url, 14)):
        browser.get(path)
        with django_assert_max_num_queries(most):
            browser.get(path)
    for number in range(40):
        lifecycle.note(trouble, by=ian, text=f"note {number}")
        post_update(trouble, by=ian, audience="stakeholder", text=f"update {number}")
    for path, most in (("/", 25), (trouble.get_absolute_url(), 22), (trouble.status_url, 14)):
        with django_assert_max_num_queries(most):
            browser.get(path)
