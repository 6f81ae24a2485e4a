"""Datadog: points of whole minutes, silence told from zero, errors that come with 200, events found by their tag."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.providers.base import Access, Call, CheckResult, OutcomeKind, Provider, Seen, Sending
from apps.providers.datadog.wire import window
from apps.providers.hooks import SharedSecretHook
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Seen as Request
from tests.providers.raw import answer

MINUTES = {"window_minutes": 5, "below": 5}
BEFORE = "dpl_4Hc9nWbK"
KEYS = {"api_key": "api-key-123", "app_key": "app-key-123"}
QUERY = "sum:trace.http.request.hits{service:portal}.as_count().rollup(sum, 60)"


@pytest.fixture
def datadog() -> Provider:
    """The adapter."""
    return provider("datadog")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("datadog")


def asked(datadog: Provider, access: Access, check: str, **given: Any) -> CheckResult:
    return datadog.examine(access, Call(check, {**MINUTES, **given}))


def test_failures_and_p95_of_a_broken_release_fall_after_the_rollback(
    datadog: Provider, access: Access, connect: Connect, simulators: Simulators, sending: Sending
) -> None:
    broken = asked(datadog, access, "error_rate")
    assert (broken.holds, round(broken.value or 0)) == (False, 12)
    assert (broken.samples or 0) > 500
    assert asked(datadog, access, "latency_p95", below=300).holds is False
    provider("vercel").apply(connect("vercel"), Call("rollback", {"deployment": BEFORE}), sending)
    simulators.advance(9 * 60)
    assert asked(datadog, access, "error_rate", below=1).holds is True
    assert asked(datadog, access, "latency_p95", below=300).holds is True


def test_a_service_that_never_failed_is_0_percent_and_a_silent_one_unknown(
    datadog: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.do("site", "rise", organisation="motion-mavericks", percent=0, since_minutes=20)
    assert asked(datadog, access, "error_rate").value == 0
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=20)
    for check, given in (("error_rate", {}), ("latency_p95", {}), ("value", {"query": QUERY})):
        told = asked(datadog, access, check, **given)
        assert (told.holds, told.value) == (None, None), check


def test_old_figures_are_no_figures(datadog: Provider, access: Access, simulators: Simulators) -> None:
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=10)
    told = asked(datadog, access, "error_rate", window_minutes=30)
    assert (told.holds, told.value) == (None, None)
    assert "min old" in told.message


@pytest.mark.parametrize(("over", "fits"), [("sum", 5 * 240), ("max", 240), ("last", 240), (None, 240)])
def test_a_metric_of_ones_own_is_put_together_as_asked(
    datadog: Provider, access: Access, over: str | None, fits: float
) -> None:
    given = {"query": QUERY, "over": over} if over else {"query": QUERY}
    told = asked(datadog, access, "value", **given)
    assert fits <= (told.value or 0) <= fits * 1.2


def test_a_window_ends_a_minute_ago_at_the_edge_of_a_point() -> None:
    over = window(5, now=10_000 * 60 + 30)
    assert (over.since, over.until, over.interval) == (9_994 * 60, 9_999 * 60, 60)
    assert window(3 * 1440, now=time.time()).interval == 300


class Series:
    """A Datadog that answers every query with these points (minutes ago, value); keeps what was asked."""

    def __init__(self, *points: tuple[float, Any], series: int = 1, interval: int = 60, **more: Any) -> None:
        self.points, self.series, self.interval, self.more = points, series, interval, more
        self.asked: list[dict[str, list[str]]] = []

    def __call__(self, request: Request, connection: Any) -> None:
        self.asked.append(query := parse_qs(urlsplit(request.target).query))
        until = int(query["to"][0])
        pointlist = [[(until - 60 * ago) * 1000, value] for ago, value in self.points]
        one = {"pointlist": pointlist, "interval": self.interval}
        answer(200, {"status": "ok", "series": [one] * self.series, **self.more})(request, connection)


NO_FIGURE = {
    "null alone": Series((1, None), (2, None)),
    "NaN": Series((1, "NaN")),
    "no points": Series(),
    "no series": Series(series=0),
    "only outside of the window": Series((-1, 3), (0, 3), (6, 3)),
    "two series": Series((1, 3), series=2),
    "points longer than the window": Series((1, 3), interval=600),
    "an error with 200": Series((1, 3), status="error", error="Rate limit of queries reached"),
}


@pytest.mark.parametrize("source", NO_FIGURE.values(), ids=NO_FIGURE.keys())
def test_what_is_no_figure_is_unknown(datadog: Provider, serve: Serve, source: Series) -> None:
    access = Access(serve(source).url, {}, KEYS)
    for check, given in (("value", {"query": "avg:a{*}"}), ("latency_p95", {}), ("error_rate", {})):
        told = asked(datadog, access, check, **given)
        assert (told.holds, told.value) == (None, None), check


def test_a_point_that_is_null_is_left_out(datadog: Provider, serve: Serve) -> None:
    source = Series((4, 10), (3, None), (2, 20), (1, None))
    told = asked(datadog, Access(serve(source).url, {}, KEYS), "value", query="avg:a{*}", below=16)
    assert (told.value, told.holds) == (15, True)


def test_the_service_stands_in_the_query_and_a_strange_name_is_refused(datadog: Provider, serve: Serve) -> None:
    source = Series((1, 3))
    url = serve(source).url
    settings = {"service": "shop", "env": "production", "operation": "next.request"}
    asked(datadog, Access(url, settings, KEYS), "error_rate")
    hits, errors = (one["query"][0] for one in source.asked)
    assert hits == "sum:trace.next.request.hits{service:shop,env:production}.as_count().rollup(sum, 60)"
    assert "trace.next.request.errors" in errors
    assert asked(datadog, Access(url, {"service": "a} or {b"}, KEYS), "error_rate").holds is None
    assert len(source.asked) == 2


def test_an_error_that_comes_with_200_is_told(datadog: Provider, access: Access, simulators: Simulators) -> None:
    simulators.settings("datadog", error_with_200="The query is too complex")
    told = asked(datadog, access, "error_rate")
    assert told.holds is None
    assert "The query is too complex" in told.message


def test_a_query_that_cannot_be_parsed_is_told_in_its_own_words(datadog: Provider, access: Access) -> None:
    told = asked(datadog, access, "value", query="avg:{")
    assert told.holds is None
    assert "Datadog answered 400" in told.message
    assert "Error parsing query" in told.message


def test_too_many_wait_for_the_seconds_that_datadog_names(
    datadog: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.fault("status", slug="datadog", status=429)
    outcome = datadog.apply(access, Call("event", {"title": "Rolled back"}), sending)
    assert (outcome.kind, outcome.retry_after_seconds) == (OutcomeKind.RETRY_LATER, 30)


def test_an_event_is_found_a_little_later_by_its_tag(
    datadog: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("event", {"title": "Rolled back", "text": "to v2.30.4"})
    assert datadog.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert datadog.observe(access, call, sending).seen is Seen.OTHER
    simulators.advance(5)
    assert datadog.observe(access, call, sending).seen is Seen.DESIRED
    (event,) = simulators.state("datadog")["events"]["motion-mavericks"]
    assert event["tags"] == [sending.marker, "service:portal", "env:production"]


def test_an_event_is_found_behind_many_pages(datadog: Provider, sending: Sending, serve: Serve) -> None:
    def pages(request: Request, connection: Any) -> None:
        page = int(parse_qs(urlsplit(request.target).query)["page"][0])
        tags = [sending.marker] if page == 2 else ["another"]
        answer(200, {"events": [{"id": page, "tags": tags}] if page < 5 else []})(request, connection)

    call, server = Call("event", {"title": "Rolled back"}), serve(pages)
    assert datadog.observe(Access(server.url, {}, KEYS), call, sending).seen is Seen.DESIRED
    again = serve(answer(200, {"events": [{"id": 1, "tags": ["another"]}]}))
    assert datadog.observe(Access(again.url, {}, KEYS), call, sending).seen is Seen.OTHER
    assert len(again.requests) == 2, "a page that brings nothing new is the last one"


def test_events_that_carry_another_tag_are_not_ours(datadog: Provider, serve: Serve, sending: Sending) -> None:
    server = serve(answer(200, {"events": [{"tags": ["another"], "text": sending.marker}]}))
    seen = datadog.observe(Access(server.url, {}, KEYS), Call("event", {"title": "x"}), sending)
    assert seen.seen is Seen.OTHER


@pytest.mark.parametrize(
    ("rights", "level", "code"), [("no_query", "error", "timeseries_query"), ("no_events", "warning", "events_read")]
)
def test_missing_scopes_are_named(
    datadog: Provider, access: Access, simulators: Simulators, rights: str, level: str, code: str
) -> None:
    simulators.settings("datadog", rights=rights)
    assert (level, code) in {(finding.level, finding.code) for finding in datadog.check(access)}


def test_a_service_that_nobody_knows_is_warned_of(datadog: Provider, connect: Connect) -> None:
    found = datadog.check(connect("datadog", settings={"service": "nobody"}))
    assert "requests" in {finding.code for finding in found if finding.level == "warning"}


def test_a_key_of_another_organization_reads_nothing(datadog: Provider, connect: Connect) -> None:
    strange = connect("datadog", credentials={"app_key": "dd-app-simulated-pulse"})
    assert asked(datadog, strange, "error_rate").holds is None


def test_texts_without_room_are_refused_unsent(datadog: Provider) -> None:
    assert datadog.problems(Call("event", {"title": "x" * 501}))
    assert datadog.problems(Call("event", {"title": "x", "text": "x" * 3801}))


def test_its_webhook_carries_a_secret_and_is_known_by_its_bytes(datadog: Provider) -> None:
    assert isinstance(datadog.hook, SharedSecretHook)
    assert datadog.hook.accepts({"Authorization": "Bearer s3cret-9"}, b"{}", "s3cret-9", 0)
    assert not datadog.hook.accepts({"Authorization": "Bearer other"}, b"{}", "s3cret-9", 0)
    told = {"transition": "Recovered", "cycle": "abc"}
    assert datadog.hook.identity_of({}, told) is None
    assert datadog.hook.event_of({}, told) == "Recovered"
