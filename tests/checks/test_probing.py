"""The outside probe: rounds, one process at a time, and what the chart makes of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.checks import reading
from apps.checks.models import Probe, ProbeRound
from apps.checks.probing import probe, probe_due
from apps.incidents.picture import picture
from apps.timeline.models import Event
from tests.incidents.factories import IncidentFactory, released


def rounds(environment, *failures, every=10, requests=10, ago=0):
    """Keep rounds of the past, the last one `ago` seconds ago."""
    now = timezone.now()
    return ProbeRound.objects.bulk_create(
        ProbeRound(
            organisation_id=environment.organisation_id,
            environment=environment,
            at=now - timedelta(seconds=ago + every * (len(failures) - 1 - number)),
            requests=requests,
            failures=failed,
            slowest_ms=100 + failed,
        )
        for number, failed in enumerate(failures)
    )


def test_a_round_tells_how_many_failed_how_slow_and_which_version(environment):
    environment.probe = {"paths": ["/share/probe"], "times": 20}
    made = probe(environment)
    assert (made.requests, made.version) == (20, "v2.31.0")
    assert 0 < made.failures < 20
    assert made.slowest_ms > 100
    assert made.detail == "/site/motion-mavericks/share/probe answered 500"


def test_the_next_round_sees_that_it_is_well_again(environment, heal):
    assert probe(environment).failures == 1
    heal()
    made = probe(environment)
    assert (made.failures, made.version) == (0, "v2.30.4")


def test_an_address_that_does_not_answer_counts_as_failed(environment, outside):
    outside.fault("reset_before", slug="site", reads=True, times=2)
    made = probe(environment)
    assert (made.requests, made.failures, made.version) == (1, 1, "")
    assert made.slowest_ms is None


def test_without_a_public_address_there_is_no_round(environment):
    environment.public_url = ""
    assert probe(environment) is None


@pytest.mark.django_db(transaction=True)
def test_many_workers_make_one_round(environment):
    def tick(_):
        try:
            return probe_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(tick, range(6))) == 1
    assert ProbeRound.objects.count() == 1
    assert probe_due() == 0


@pytest.mark.parametrize("every", [None, 3, 1e300, -5, "soon", [1]])
def test_nobody_can_spoil_the_clock(environment, every):
    environment.probe = {"every_seconds": every, "paths": "x", "times": "many"}
    environment.save()
    assert probe_due() == 1
    clock = Probe.objects.get()
    assert timedelta(0) < clock.next_at - timezone.now() <= timedelta(hours=1)


def test_old_rounds_are_forgotten(environment):
    rounds(environment, 0, ago=9 * 24 * 3600)
    probe(environment)
    assert ProbeRound.objects.count() == 1


def test_the_series_is_thinned_to_what_a_chart_can_show(environment):
    rounds(environment, *([0] * 500 + [5] * 500))
    since = timezone.now() - timedelta(seconds=10_010)
    points = reading.error_series(environment, since)
    assert len(points) <= reading.POINTS + 1
    assert (points[0][1], points[-1][1]) == (0.0, 50.0)
    assert points == sorted(points)


def test_where_nothing_was_measured_the_line_breaks_off(environment):
    rounds(environment, 1, 1, 1, ago=600)
    rounds(environment, 2, 2)
    values = [value for _, value in reading.error_series(environment, timezone.now() - timedelta(minutes=15))]
    assert values == [10.0, 10.0, 10.0, None, 20.0, 20.0]


def test_the_figures_compare_now_with_the_hour_before_the_release(environment):
    rounds(environment, *([0] * 90 + [4] * 6), every=10)
    figures = reading.readings(environment, before=timezone.now() - timedelta(seconds=65))
    assert (figures.now_percent, figures.before_percent, figures.stale) == (40.0, 0.0, False)
    assert (figures.slowest_ms, figures.before_slowest_ms) == (104, 100)
    assert reading.readings(environment, now=timezone.now() + timedelta(minutes=5)).stale


def test_nothing_measured_is_said_as_nothing(environment):
    figures = reading.readings(environment)
    assert (figures.now_percent, figures.stale) == (None, True)
    assert reading.error_series(environment, timezone.now() - timedelta(hours=1)) == []


def test_the_picture_marks_the_release_and_the_declaration(environment):
    release = released(environment, "v2.31.0", 5)
    incident = IncidentFactory(environment=environment, started_at=timezone.now() - timedelta(minutes=3))
    rounds(environment, 0, 0, 5, 5, 5, every=60)
    drawn = picture(incident, release)
    assert [mark["label"] for mark in drawn.marks] == ["v2.31.0", "Declared"]
    assert drawn.failing
    assert len(drawn.points) == 5


def test_rising_and_falling_errors_are_recorded_once_each(environment, heal):
    incident = IncidentFactory(environment=environment)
    kinds = Event.objects.filter(kind__startswith="environment.errors").order_by("pk")
    for _ in range(3):
        probe_due_now(environment)
    heal()
    ProbeRound.objects.update(at=timezone.now() - timedelta(minutes=5))
    for _ in range(3):
        probe_due_now(environment)
    assert [(event.kind, event.incident_id) for event in kinds] == [
        ("environment.errors_risen", incident.pk),
        ("environment.errors_fallen", incident.pk),
    ]


def probe_due_now(environment):
    Probe.objects.filter(environment=environment).update(next_at=timezone.now())
    assert probe_due() == 1
