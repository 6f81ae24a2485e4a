"""Prometheus: one number or none, silence and NaN are no health, and a wrong label is not 0 %."""

from typing import Any

import pytest

from apps.providers.base import Access, Call, CheckResult, OutcomeKind, Provider, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import CANARY, Connect, Serve
from tests.providers.raw import answer

MINUTES = {"window_minutes": 5, "below": 5}
BEFORE = "dpl_4Hc9nWbK"


@pytest.fixture
def prometheus() -> Provider:
    """The adapter."""
    return provider("prometheus")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("prometheus")


def asked(prometheus: Provider, access: Access, check: str, **given: Any) -> CheckResult:
    return prometheus.examine(access, Call(check, {**MINUTES, **given}))


def expression(prometheus: Provider, access: Access, query: str) -> CheckResult:
    return asked(prometheus, access, "value", query=query, below=1e9)


def test_failures_and_p95_of_a_broken_release_fall_after_the_rollback(
    prometheus: Provider, access: Access, connect: Connect, simulators: Simulators, sending: Sending
) -> None:
    broken = asked(prometheus, access, "error_rate")
    assert (broken.holds, round(broken.value or 0)) == (False, 12)
    assert (broken.samples or 0) > 1000
    slow = asked(prometheus, access, "latency_p95", below=300)
    assert (slow.holds, 400 < (slow.value or 0) < 500) == (False, True), slow.message
    provider("vercel").apply(connect("vercel"), Call("rollback", {"deployment": BEFORE}), sending)
    simulators.advance(7 * 60)
    assert asked(prometheus, access, "error_rate", below=1).holds is True
    assert asked(prometheus, access, "latency_p95", below=300).holds is True


def test_a_service_that_never_failed_is_0_percent(prometheus: Provider, access: Access, simulators: Simulators) -> None:
    simulators.do("site", "rise", organisation="motion-mavericks", percent=0, since_minutes=20)
    told = asked(prometheus, access, "error_rate")
    assert (told.value, told.holds) == (0, True)


@pytest.mark.parametrize(
    "names",
    [{"status_label": "status"}, {"requests_metric": "requests_total"}, {"selector": 'service="nobody"'}],
    ids=str,
)
def test_a_wrong_name_is_unknown_and_not_0_percent(
    prometheus: Provider, connect: Connect, names: dict[str, str]
) -> None:
    told = asked(prometheus, connect("prometheus", settings=names), "error_rate")
    assert (told.holds, told.value) == (None, None)
    assert "no data" in told.message
    found = prometheus.check(connect("prometheus", settings=names))
    assert "error_rate" in {finding.code for finding in found if finding.level == "warning"}


def test_silence_is_never_health(prometheus: Provider, access: Access, simulators: Simulators) -> None:
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=10)
    for check in ("error_rate", "latency_p95"):
        assert asked(prometheus, access, check, below=1000).holds is None
    query = 'sum(rate(http_requests_total{code="500"}[$window])) / sum(rate(http_requests_total[$window]))'
    assert expression(prometheus, access, query).holds is None


def test_an_expression_of_ones_own_is_of_the_window_that_was_asked_for(prometheus: Provider, access: Access) -> None:
    query = 'sum(rate(http_requests_total{code=~"5.."}[$window])) / sum(rate(http_requests_total[$window])) * 100'
    told = expression(prometheus, access, query)
    assert 11 < (told.value or 0) < 13
    assert told.as_of
    call = Call("value", {**MINUTES, "query": "sum(rate(http_requests_total[5m]))"})
    assert "$window" in prometheus.check_problems(call)[0]
    assert prometheus.examine(access, call).holds is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("rate(http_requests_total[$window])", "2 series"),
        ("sum(rate(http_requests_total[$window]", "parse error"),
        ("http_requests_total{code!~$window}", "400"),
        ("http_requests_total / sum by (job) (rate(http_requests_total[$window])) + http_requests_total", "no series"),
        ("0 * vector(1) / sum(0 * rate(http_requests_total[$window]))", "NaN"),
        ("vector(1) / sum(0 * rate(http_requests_total[$window]))", "+Inf"),
    ],
)
def test_what_is_no_single_number_is_told_as_what_it_is(
    prometheus: Provider, access: Access, query: str, words: str
) -> None:
    told = expression(prometheus, access, query)
    assert (told.holds, told.value) == (None, None)
    assert words in told.message


def success(result: Any, kind: str = "vector", **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": result}, **more}


NOT_A_NUMBER = {
    "NaN": success([{"metric": {}, "value": [1, "NaN"]}]),
    "infinity": success([{"metric": {}, "value": [1, "+Inf"]}]),
    "nothing": success([]),
    "a matrix": success([{"metric": {}, "values": [[1, "1"]]}], "matrix"),
    "a string": success([1, "up"], "string"),
    "two series": success([{"metric": {}, "value": [1, "1"]}, {"metric": {}, "value": [1, "2"]}]),
    "an error with 200": {"status": "error", "errorType": "timeout", "error": "query timed out"},
    "no value": success([{"metric": {}}]),
    "a page for people": "<html>",
}


@pytest.mark.parametrize("body", NOT_A_NUMBER.values(), ids=NOT_A_NUMBER.keys())
@pytest.mark.parametrize("check", ["value", "error_rate", "latency_p95"])
def test_what_is_not_a_number_is_unknown(prometheus: Provider, serve: Serve, check: str, body: Any) -> None:
    access = Access(serve(answer(200, body)).url, {}, {})
    given = {"query": "up[$window]"} if check == "value" else {}
    told = asked(prometheus, access, check, **given)
    assert (told.holds, told.value) == (None, None)


@pytest.mark.parametrize("status", [400, 422, 503])
def test_a_refused_expression_is_told_in_its_own_words(prometheus: Provider, serve: Serve, status: int) -> None:
    server = serve(answer(status, {"status": "error", "errorType": "execution", "error": "many-to-many matching"}))
    told = expression(prometheus, Access(server.url, {}, {}), "a[$window] / b")
    assert told.holds is None
    assert f"Prometheus answered {status}" in told.message
    assert "many-to-many matching" in told.message


def test_warnings_stand_beside_the_figure(prometheus: Provider, access: Access, simulators: Simulators) -> None:
    simulators.settings("prometheus", warnings=["PromQL info: metric might not be a counter"])
    told = asked(prometheus, access, "error_rate")
    assert told.holds is False
    assert any("might not be a counter" in text for _, text in told.readings)


def test_a_proxy_gets_the_token_or_name_and_password_and_neither_is_shown(prometheus: Provider, serve: Serve) -> None:
    warned = success([{"metric": {}, "value": [1, "1"]}], warnings=[f"who are you, {CANARY}?"])
    server = serve(answer(200, warned))
    told = expression(prometheus, Access(server.url, {}, {"token": CANARY}), "a[$window]")
    assert CANARY not in repr(told)
    expression(prometheus, Access(server.url, {"username": "ada"}, {"password": CANARY}), "a[$window]")
    first, second = (request.headers["authorization"] for request in server.requests)
    assert first == f"Bearer {CANARY}"
    assert second.startswith("Basic ")


@pytest.mark.parametrize("selector", ["service=shop", 'a="b"} or up{', 'a="b" c="d"', "}"])
def test_a_selector_is_labels_and_nothing_else(prometheus: Provider, access: Access, selector: str) -> None:
    told = asked(prometheus, access, "error_rate", selector=selector)
    assert told.holds is None
    assert "cannot select series" in told.message


def test_labels_of_the_check_stand_before_those_of_the_connection(prometheus: Provider, access: Access) -> None:
    assert asked(prometheus, access, "error_rate", selector='job="portal", instance=~"portal.*",').value
    assert asked(prometheus, access, "error_rate", selector='job="nobody"').value is None


def test_milliseconds_are_told_by_the_name(prometheus: Provider, serve: Serve) -> None:
    server = serve(answer(200, success([{"metric": {}, "value": [1, "250"]}])))
    access = Access(server.url, {"duration_metric": "request_duration_milliseconds_bucket"}, {})
    assert asked(prometheus, access, "latency_p95").value == 250


def test_it_has_nothing_that_could_be_changed(prometheus: Provider, access: Access, sending: Sending) -> None:
    assert prometheus.actions == ()
    assert prometheus.apply(access, Call("delete", {}), sending).kind is OutcomeKind.REJECTED


def test_a_window_below_a_minute_is_refused(prometheus: Provider, access: Access) -> None:
    assert prometheus.check_problems(Call("error_rate", {"window_minutes": 0.5, "below": 1}))
