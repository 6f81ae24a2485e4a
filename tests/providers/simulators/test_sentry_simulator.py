"""Sentry's own facts: what its command line asks for, cursors in Link, limits as headers, hours for sessions."""

import gzip
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

ORGANISATION = "/api/0/organizations/motion-mavericks"


class Sentry:
    """Motion Mavericks at Sentry."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("sentry")
        self.token = simulators.describe()["sentry"]["credentials"]["token"]

    def __call__(self, path: str, method: str = "GET", data: Any = None) -> Answer:
        return ask(f"{self.base}{path}", method, headers={"Authorization": f"Bearer {self.token}"}, data=data)


@pytest.fixture
def sentry(simulators: Simulators) -> Sentry:
    return Sentry(simulators)


def test_a_release_is_made_once_and_is_208_from_then_on(sentry: Sentry, simulators: Simulators) -> None:
    wanted = {"version": "portal@3.0.0", "projects": ["portal"]}
    assert [sentry(f"{ORGANISATION}/releases/", "POST", wanted).status for _ in range(2)] == [201, 208]
    assert len(simulators.effects("sentry")) == 1
    at_project = sentry("/api/0/projects/motion-mavericks/portal/releases/").json()
    assert at_project[0]["version"] == "portal@3.0.0"
    assert sentry(f"{ORGANISATION}/releases/", "POST", {"projects": ["portal"]}).status == 400


def test_the_same_deploy_twice_is_two_deploys(sentry: Sentry) -> None:
    path = f"{ORGANISATION}/releases/portal%402.30.4/deploys/"
    for _ in range(2):
        assert sentry(path, "POST", {"environment": "production", "name": "d1"}).status == 201
    assert [one["name"] for one in sentry(path).json()] == ["d1", "d1", None]
    assert sentry(path, "POST", {"name": "d1"}).status == 400


def test_a_list_goes_on_behind_a_cursor(sentry: Sentry) -> None:
    first = sentry(f"{ORGANISATION}/releases/?per_page=4")
    assert 'rel="next"; results="true"; cursor="0:4:0"' in first.headers["link"]
    last = sentry(f"{ORGANISATION}/releases/?per_page=4&cursor=0:4:0")
    assert 'rel="next"; results="false"' in last.headers["link"]
    assert len(first.json()) + len(last.json()) == 6


def test_the_newest_buckets_are_incomplete_and_times_are_milliseconds(sentry: Sentry) -> None:
    query = "dataset=errors&yAxis=count()&statsPeriod=10m&interval=60"
    (series,) = sentry(f"{ORGANISATION}/events-timeseries/?{query}").json()["timeSeries"]
    values = series["values"]
    assert [one["incomplete"] for one in values][-2:] == [True, True]
    assert not values[0]["incomplete"]
    assert values[1]["timestamp"] - values[0]["timestamp"] == 60_000
    assert sentry(f"{ORGANISATION}/events-timeseries/?statsPeriod=10m").status == 400


def test_sessions_know_hours_and_nothing_finer(sentry: Sentry) -> None:
    field = "field=crash_free_rate(session)"
    assert sentry(f"{ORGANISATION}/sessions/?{field}&statsPeriod=1h&interval=5m").status == 400
    told = sentry(f"{ORGANISATION}/sessions/?{field}&statsPeriod=2h&interval=1h").json()
    assert 0 < told["groups"][0]["totals"]["crash_free_rate(session)"] < 1


def test_what_a_quota_took_is_told_by_outcome(sentry: Sentry, simulators: Simulators) -> None:
    path = f"{ORGANISATION}/stats_v2/?field=sum(quantity)&groupBy=outcome&category=error&statsPeriod=1h&interval=1h"
    assert [group["by"]["outcome"] for group in sentry(path).json()["groups"]] == ["accepted"]
    simulators.settings("sentry", dropped_percent=25)
    assert [group["by"]["outcome"] for group in sentry(path).json()["groups"]] == ["accepted", "rate_limited"]


def test_errors_that_an_application_sends_are_counted(sentry: Sentry, simulators: Simulators) -> None:
    about = simulators.describe()["sentry"]["objects"]
    path = f"{sentry.base}/api/{about['project_number']}/envelope/"
    event = b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n{"type":"event","length":17}\n{"message":"boom"}'
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={about['public_key']}"}
    simulators.do("site", "rise", organisation="motion-mavericks", percent=0, since_minutes=20)
    for body, given in ((event, headers), (gzip.compress(event), {**headers, "Content-Encoding": "gzip"})):
        assert ask(path, "POST", headers=given, body=body).json() == {"id": "9ec79c33ec9942ab8353589fcb2e04dc"}
    wrong = {"X-Sentry-Auth": f"Sentry sentry_key={'0' * 32}"}
    assert ask(path, "POST", headers=wrong, body=event).status == 403
    query = "dataset=errors&yAxis=count()&statsPeriod=10m&interval=60"
    (series,) = sentry(f"{ORGANISATION}/events-timeseries/?{query}").json()["timeSeries"]
    assert sum(one["value"] for one in series["values"]) == 2


def test_every_answer_tells_the_limit_and_too_many_wait_for_its_reset(sentry: Sentry, simulators: Simulators) -> None:
    assert sentry(f"{ORGANISATION}/").headers["x-sentry-rate-limit-remaining"] == "39"
    simulators.fault("status", slug="sentry", status=429, reads=True)
    limited = sentry(f"{ORGANISATION}/")
    assert limited.headers["x-sentry-rate-limit-remaining"] == "0"
    assert "retry-after" not in limited.headers


def test_a_foreign_organization_looks_like_none_and_a_wrong_token_is_401(sentry: Sentry) -> None:
    assert sentry("/api/0/organizations/pulse/").status == 404
    assert sentry(f"{ORGANISATION}/").json()["access"]
    sentry.token = "wrong"
    assert (sentry(f"{ORGANISATION}/").status, sentry(f"{ORGANISATION}/").json()["detail"]) == (401, "Invalid token")
