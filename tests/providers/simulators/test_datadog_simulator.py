"""Datadog's own facts: two keys, points in milliseconds, events that are taken first and shown later, a monitor."""

import time
from typing import Any
from urllib.parse import urlencode

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

HITS = "sum:trace.http.request.hits{service:portal,env:production}.as_count()"


class Datadog:
    """Motion Mavericks at Datadog."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("datadog")
        keys = simulators.describe()["datadog"]["credentials"]
        self.headers = {"DD-API-KEY": keys["api_key"], "DD-APPLICATION-KEY": keys["app_key"]}

    def __call__(self, path: str, method: str = "GET", data: Any = None, **query: Any) -> Answer:
        return ask(f"{self.base}{path}?{urlencode(query)}", method, headers=self.headers, data=data)

    def query(self, text: str, minutes: int = 10) -> Answer:
        now = int(time.time())
        return self("/api/v1/query", **{"from": now - 60 * minutes, "to": now, "query": text})


@pytest.fixture
def datadog(simulators: Simulators) -> Datadog:
    return Datadog(simulators)


def test_points_are_milliseconds_and_numbers(datadog: Datadog) -> None:
    told = datadog.query(HITS).json()
    assert told["status"] == "ok"
    assert told["to_date"] - told["from_date"] == 600_000
    (series,) = told["series"]
    assert (series["interval"], series["metric"], series["aggr"]) == (60, "trace.http.request.hits", "sum")
    assert series["pointlist"][1][0] - series["pointlist"][0][0] == 60_000
    by_five = datadog.query(f"{HITS}.rollup(sum, 300)").json()["series"][0]
    assert by_five["pointlist"][1][0] - by_five["pointlist"][0][0] == 300_000


def test_a_foreign_service_and_an_unknown_metric_have_no_series(datadog: Datadog) -> None:
    assert datadog.query("sum:trace.http.request.hits{service:nobody}").json()["series"] == []
    assert datadog.query("avg:system.cpu.user{*}").json()["series"] == []
    assert len(datadog.query(f"{HITS}, {HITS.replace('hits', 'errors')}").json()["series"]) == 2
    assert datadog.query("avg:").status == 400


def test_an_event_is_taken_and_shown_later(datadog: Datadog, simulators: Simulators) -> None:
    body = {"title": "Rolled back", "text": "to v2.30.4", "tags": ["Rollback:1"]}
    taken = [datadog("/api/v1/events", "POST", body) for _ in range(2)]
    assert [(one.status, one.json()["status"]) for one in taken] == [(202, "ok"), (202, "ok")]
    times = {"start": int(time.time()) - 600, "end": int(time.time()) + 600}
    assert datadog("/api/v1/events", **times, tags="rollback:1").json()["events"] == []
    simulators.advance(4)
    found = datadog("/api/v1/events", **times, tags="rollback:1").json()["events"]
    assert [one["tags"] for one in found] == [["rollback:1"]] * 2
    assert datadog(f"/api/v1/events/{found[0]['id']}").json()["event"]["title"] == "Rolled back"
    assert datadog("/api/v1/events", "POST", {"title": "no text"}).status == 400


def test_the_monitor_follows_the_site(datadog: Datadog, simulators: Simulators) -> None:
    number = simulators.describe()["datadog"]["objects"]["monitor"]
    assert datadog(f"/api/v1/monitor/{number}").json()["overall_state"] == "Alert"
    simulators.do("site", "rise", organisation="motion-mavericks", percent=0.1, since_minutes=20)
    assert datadog(f"/api/v1/monitor/{number}").json()["overall_state"] == "OK"
    simulators.do("site", "silence", organisation="motion-mavericks", since_minutes=20)
    assert datadog("/api/v1/monitor").json()[0]["overall_state"] == "No Data"
    assert datadog("/api/v1/monitor/1").status == 404


def test_the_api_key_posts_and_only_both_read(datadog: Datadog) -> None:
    del datadog.headers["DD-APPLICATION-KEY"]
    assert datadog("/api/v1/validate").json() == {"valid": True}
    assert datadog("/api/v1/events", "POST", {"title": "a", "text": "b"}).status == 202
    assert (datadog.query(HITS).status, datadog.query(HITS).json()) == (403, {"errors": ["Forbidden"]})
    datadog.headers["DD-API-KEY"] = "wrong"
    assert datadog("/api/v1/validate").status == 403


def test_a_limit_names_the_seconds_until_it_ends(datadog: Datadog, simulators: Simulators) -> None:
    simulators.fault("status", slug="datadog", reads=True, status=429)
    limited = datadog("/api/v1/validate")
    assert (limited.status, limited.headers["x-ratelimit-reset"]) == (429, "30")
    assert "retry-after" not in limited.headers
