"""Sentry: figures of complete minutes, doubt where Sentry drops events, releases there once, deploys found again."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.providers.base import Access, Call, CheckResult, OutcomeKind, Provider, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Seen as Request
from tests.providers.raw import answer

MINUTES = {"window_minutes": 5, "below": 5}
BEFORE = "dpl_4Hc9nWbK"


@pytest.fixture
def sentry() -> Provider:
    """The adapter."""
    return provider("sentry")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("sentry")


def organisation(connect: Connect, simulators: Simulators, slug: str) -> Access:
    """The access of another organisation."""
    about = simulators.describe()["sentry"]["organisations"][slug]
    return connect("sentry", settings=about["settings"], credentials=about["credentials"])


def asked(sentry: Provider, access: Access, check: str, **given: Any) -> CheckResult:
    return sentry.examine(access, Call(check, {**MINUTES, **given}))


def test_the_failure_rate_of_a_broken_release_falls_after_the_rollback(
    sentry: Provider, access: Access, connect: Connect, simulators: Simulators, sending: Sending
) -> None:
    broken = asked(sentry, access, "error_rate")
    assert (broken.holds, round(broken.value or 0)) == (False, 12)
    assert broken.samples
    slow = asked(sentry, access, "latency_p95", below=300)
    assert slow.holds is False
    rollback = Call("rollback", {"deployment": BEFORE})
    provider("vercel").apply(connect("vercel"), rollback, sending)
    simulators.advance(30)
    assert asked(sentry, access, "error_rate").holds is False, "the window still holds the minutes before"
    simulators.advance(8 * 60)
    healthy = asked(sentry, access, "error_rate")
    assert (healthy.holds, (healthy.value or 9) < 1) == (True, True)
    assert asked(sentry, access, "latency_p95", below=300).holds is True
    assert asked(sentry, access, "error_events", below=20).holds is True


def test_a_spike_by_hand_is_seen_in_a_window_of_five_minutes(
    sentry: Provider, connect: Connect, simulators: Simulators
) -> None:
    pulse = organisation(connect, simulators, "pulse")
    assert asked(sentry, pulse, "error_rate").holds is True
    simulators.do("site", "rise", organisation="pulse", percent=6, since_minutes=8)
    spike = asked(sentry, pulse, "error_rate")
    assert (spike.holds, round(spike.value or 0)) == (False, 6)
    simulators.do("site", "fall", organisation="pulse")
    simulators.advance(8 * 60)
    assert asked(sentry, pulse, "error_rate").holds is True


def test_a_source_that_counts_by_the_hour_is_not_asked_about_five_minutes(sentry: Provider, access: Access) -> None:
    call = Call("crash_free_sessions", {"window_minutes": 5, "above": 99})
    (problem,) = sentry.check_problems(call)
    assert "60 minutes and more" in problem
    assert sentry.examine(access, call).holds is None


def test_sessions_are_told_for_the_whole_hours_that_they_are_of(
    sentry: Provider, connect: Connect, simulators: Simulators
) -> None:
    told = asked(sentry, organisation(connect, simulators, "derrimut"), "crash_free_sessions", window_minutes=90)
    assert told.window_seconds == 3 * 3600
    assert told.samples
    assert 90 < (told.value or 0) <= 100


def test_crashes_of_a_broken_release_are_seen_within_its_hours(sentry: Provider, access: Access) -> None:
    told = asked(sentry, access, "crash_free_sessions", window_minutes=60, below=None, above=99)
    assert told.holds is False
    assert (told.samples or 0) > 100


def test_silence_is_never_health(sentry: Provider, access: Access, simulators: Simulators) -> None:
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=200)
    for check in ("error_rate", "latency_p95", "crash_free_sessions"):
        told = asked(sentry, access, check, window_minutes=60, below=100)
        assert (told.holds, told.value) == (None, None), check
        assert "no data" in told.message


def test_requests_without_a_status_prove_nothing(sentry: Provider, access: Access, simulators: Simulators) -> None:
    simulators.settings("sentry", statuses=False)
    told = asked(sentry, access, "error_rate")
    assert told.holds is None
    assert "has a status" in told.message


def test_a_fall_while_sentry_drops_errors_is_no_recovery(
    sentry: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.settings("sentry", dropped_percent=95)
    told = asked(sentry, access, "error_events", below=40)
    assert (0 < (told.value or 0) < 40, told.holds) == (True, None)
    assert "threw" in told.message
    simulators.settings("sentry", dropped_percent=50)
    assert asked(sentry, access, "error_events").holds is False, "more than there may be is too many all the same"
    assert "quota" in {finding.code for finding in sentry.check(access) if finding.level == "warning"}


class Figures:
    """A Sentry that answers the timeseries as told and nothing dropped; keeps the queries."""

    def __init__(self, values: Any, volume: int = 200, of_the_day: Any = 3) -> None:
        self.values, self.volume, self.of_the_day = values, volume, of_the_day
        self.queries: list[dict[str, list[str]]] = []

    def __call__(self, request: Request, connection: Any) -> None:
        if "stats_v2" in request.target:
            answer(self.volume, {"groups": []} if self.volume == 200 else {"detail": "no"})(request, connection)
            return
        if "/events/" in request.target:
            answer(200, {"data": [{"count()": self.of_the_day}]})(request, connection)
            return
        self.queries.append(parse_qs(urlsplit(request.target).query))
        first = int(time.time()) // 60 - 12
        values = [{**one, "timestamp": (first + one["timestamp"]) * 60_000} for one in self.values]
        answer(200, {"timeSeries": [{"values": values, "yAxis": "count()"}]})(request, connection)

    def access(self, serve: Serve) -> Access:
        """The access to it."""
        settings = {"organization": "acme", "project": "shop", "environment": "production"}
        return Access(serve(self).url, settings, {"token": "token-123"})


def bucket(minute: int, value: Any, incomplete: bool = False) -> dict[str, Any]:
    """Return a bucket of the window that the source keeps: that of the minute 11 has just ended."""
    return {"timestamp": minute, "value": value, "incomplete": incomplete}


def test_a_bucket_that_is_not_complete_is_not_judged_by(sentry: Provider, serve: Serve) -> None:
    figures = Figures([*(bucket(minute, 1) for minute in range(10)), bucket(10, 0, True), bucket(11, 0, True)])
    told = asked(sentry, figures.access(serve), "error_events")
    assert (told.value, told.window_seconds) == (5, 300)
    assert told.as_of
    assert 120 <= time.time() - told.as_of.timestamp() < 240
    (query,) = figures.queries
    assert query["interval"] == ["60"]
    assert query["dataset"] == ["errors"]
    assert query["environment"] == ["production"]


GAPS = {
    "nothing": [],
    "too little": [bucket(9, 0)],
    "only what is incomplete": [bucket(minute, 0, True) for minute in range(10)],
    "nulls": [bucket(minute, None) for minute in range(10)],
    "NaN": [bucket(minute, "NaN") for minute in range(10)],
    "a hole": [bucket(minute, 0) for minute in (1, 2, 3, 8, 9)],
    "coarser than the window": [bucket(minute, 0) for minute in (-109, -49, 11)],
    "yesterday's": [bucket(minute - 1440, 0) for minute in range(10)],
}


@pytest.mark.parametrize("values", GAPS.values(), ids=GAPS.keys())
def test_a_window_that_is_not_whole_is_no_data(sentry: Provider, serve: Serve, values: list[Any]) -> None:
    told = asked(sentry, Figures(values).access(serve), "error_events", below=100)
    assert (told.holds, told.value) == (None, None)


@pytest.mark.parametrize(("of_the_day", "holds"), [(3, True), (0, None), (None, None)])
def test_zero_is_health_only_where_the_application_reports_at_all(
    sentry: Provider, serve: Serve, of_the_day: int | None, holds: bool | None
) -> None:
    access = Figures([bucket(minute, 0) for minute in range(10)], of_the_day=of_the_day).access(serve)
    assert asked(sentry, access, "error_events").holds is holds
    assert asked(sentry, access, "error_events", below=None, above=5).holds is False


def test_whether_errors_were_dropped_may_be_unknown(sentry: Provider, serve: Serve) -> None:
    figures = Figures([bucket(minute, 0) for minute in range(10)], volume=404)
    told = asked(sentry, figures.access(serve), "error_events")
    assert told.holds is True
    assert ("unknown", True) in [(mark, "threw errors away" in text) for mark, text in told.readings]


@pytest.mark.parametrize("body", ['"Too many requests"', "Too many requests", '{"detail": "70 requests in 1 second"}'])
def test_a_rate_limit_waits_for_its_reset_whatever_the_body(
    sentry: Provider, serve: Serve, sending: Sending, body: str
) -> None:
    def limited(request: Request, connection: Any) -> None:
        head = f"HTTP/1.1 429 Too Many\r\nX-Sentry-Rate-Limit-Reset: {int(time.time()) + 9}\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())

    access = Access(serve(limited).url, {"organization": "acme", "project": "shop"}, {"token": "token-123"})
    outcome = sentry.apply(access, Call("release", {"version": "shop@1"}), sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert 5 < (outcome.retry_after_seconds or 0) <= 9


def test_a_query_that_sentry_does_not_understand_is_a_sentence(sentry: Provider, access: Access) -> None:
    told = asked(sentry, access, "error_events", query='release:"half')
    assert told.holds is None
    assert "Sentry answered 400" in told.message
    assert "Parse error" in told.message


@pytest.mark.parametrize("version", ["shop@2.31.0+b/7", "portal release 3", "ünï"])
def test_any_version_finds_its_way_into_the_path(
    sentry: Provider, access: Access, sending: Sending, version: str
) -> None:
    release, deploy = Call("release", {"version": version}), Call("deploy", {"version": version})
    assert sentry.apply(access, deploy, sending).kind is OutcomeKind.REJECTED, "there is no such release yet"
    assert sentry.apply(access, release, sending).kind is OutcomeKind.SUCCEEDED
    assert sentry.observe(access, release).seen is Seen.DESIRED
    assert sentry.apply(access, deploy, sending).kind is OutcomeKind.SUCCEEDED
    assert sentry.observe(access, deploy, sending).seen is Seen.DESIRED


@pytest.mark.parametrize("version", [".", "..", " a", "a\nb", "a" * 201])
def test_what_cannot_be_a_version_is_refused_unsent(
    sentry: Provider, access: Access, sending: Sending, simulators: Simulators, version: str
) -> None:
    assert sentry.apply(access, Call("release", {"version": version}), sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("sentry") == []


def test_a_release_that_is_there_is_there(
    sentry: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("release", {"version": "portal@9.9.9", "commit": "4be02aa"})
    answers = [sentry.apply(access, call, sending) for _ in range(2)]
    assert [(one.kind, one.status) for one in answers] == [
        (OutcomeKind.SUCCEEDED, 201),
        (OutcomeKind.SUCCEEDED, 208),
    ]
    assert len(simulators.effects("sentry")) == 1


def test_our_deploy_is_found_behind_many_pages(
    sentry: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("deploy", {"version": "portal@2.30.4"})
    assert sentry.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    simulators.settings("sentry", page=1)
    for number in range(4):
        other = Sending(f"i{number}", f"a{number}", f"other-{number}", "Another")
        assert sentry.apply(access, call, other).kind is OutcomeKind.SUCCEEDED
    assert sentry.observe(access, call, sending).seen is Seen.DESIRED


def test_a_token_without_the_right_to_release_is_told_before(
    sentry: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("sentry", scopes=["org:read"])
    assert {finding.code for finding in sentry.check(access) if finding.level == "warning"} == {"project:releases"}
    assert sentry.apply(access, Call("release", {"version": "x"}), sending).kind is OutcomeKind.REJECTED
    simulators.settings("sentry", scopes=["project:releases"])
    assert {finding.level for finding in sentry.check(access)} == {"error"}


def test_another_organizations_project_is_not_visible(sentry: Provider, connect: Connect) -> None:
    found = sentry.check(connect("sentry", settings={"organization": "pulse"}))
    assert [finding.level for finding in found] == ["error"]
    found = sentry.check(connect("sentry", settings={"project": "nobody"}))
    assert "project" in {finding.code for finding in found if finding.level == "error"}
