"""PostHog's own facts: keys and tokens, HogQL, errors of four keys, numbers of flags, pages with addresses."""

import gzip
import json
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask


class PostHog:
    """Motion Mavericks at PostHog."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("posthog")
        about = simulators.describe()["posthog"]
        self.key = about["credentials"]["api_key"]
        self.token = about["objects"]["project_token"]
        self.project = f"/api/projects/{about['settings']['project_id']}"

    def __call__(self, path: str, method: str = "GET", data: Any = None) -> Answer:
        return ask(f"{self.base}{path}", method, headers={"Authorization": f"Bearer {self.key}"}, data=data)

    def query(self, hogql: str, **more: Any) -> Answer:
        body = {"query": {"kind": "HogQLQuery", "query": hogql, **more}, "refresh": "force_blocking"}
        return self(f"{self.project}/query/", "POST", body)


@pytest.fixture
def posthog(simulators: Simulators) -> PostHog:
    return PostHog(simulators)


def test_activity_by_the_minute_as_the_documentation_asks(posthog: PostHog, simulators: Simulators) -> None:
    told = posthog.query(
        "select toStartOfMinute(timestamp) m, count(), uniq(distinct_id) from events "
        "where timestamp > now() - interval 30 minute group by m order by m limit 500"
    ).json()
    assert len(told["results"]) == 30
    assert told["is_cached"] is False
    assert all(len(row) == 3 for row in told["results"])
    assert simulators.journal("posthog") == []


def test_values_stand_in_for_placeholders(posthog: PostHog) -> None:
    hogql = "select countIf(event = {event}) from events where timestamp > now() - interval 300 second"
    assert posthog.query(hogql, values={"event": "$exception"}).json()["results"][0][0] > 0
    refused = posthog.query(hogql)
    assert (refused.status, set(refused.json())) == (400, {"type", "code", "detail", "attr"})
    assert posthog.query("drop table events").status == 400


def test_a_query_by_itself_is_asked_for_until_it_is_complete(posthog: PostHog, simulators: Simulators) -> None:
    simulators.settings("posthog", async_queries=True)
    started = posthog.query("select count() from events where timestamp > now() - interval 1 hour")
    assert started.status == 202
    path = f"{posthog.project}/query/{started.json()['query_status']['id']}/"
    assert [posthog(path).json()["query_status"]["complete"] for _ in range(2)] == [False, True]
    assert posthog(path).json()["query_status"]["results"]["results"][0][0] > 0


def test_a_flag_is_switched_by_its_number(posthog: PostHog, simulators: Simulators) -> None:
    listed = posthog(f"{posthog.project}/feature_flags/").json()
    assert listed["count"] == len(listed["results"])
    flag = next(one for one in listed["results"] if one["key"] == "new-share-links")
    path = f"{posthog.project}/feature_flags/{flag['id']}/"
    for _ in range(2):
        assert posthog(path, "PATCH", {"active": False}).json()["active"] is False
    assert len(simulators.effects("posthog")) == 1
    told = ask(f"{posthog.base}/flags/?v=2", "POST", data={"token": posthog.token, "distinct_id": "ada"}).json()
    assert told["flags"]["new-share-links"]["enabled"] is False


def test_annotations_come_in_pages_with_addresses(posthog: PostHog) -> None:
    path = f"{posthog.project}/annotations/"
    made = posthog(path, "POST", {"content": "Rolled back", "date_marker": "2026-03-01T02:15:00Z"})
    assert (made.status, made.json()["scope"]) == (201, "project")
    page = posthog(f"{path}?limit=2").json()
    assert page["results"][0]["content"] == "Rolled back"
    assert "offset=2" in page["next"]
    assert posthog(f"{path}?search=Rolled").json()["count"] == 1
    assert posthog(path, "POST", {"content": "x" * 401}).status == 400


def test_events_are_taken_packed_and_plain(posthog: PostHog, simulators: Simulators) -> None:
    body = {"api_key": posthog.token, "batch": [{"event": "a"}, {"event": "b"}]}
    assert ask(f"{posthog.base}/batch/", "POST", data=body).json() == {"status": 1}
    packed = gzip.compress(json.dumps(body).encode())
    assert ask(f"{posthog.base}/batch/", "POST", headers={"Content-Encoding": "gzip"}, body=packed).status == 200
    assert sum(effect["events"] for effect in simulators.effects("posthog")) == 4
    assert ask(f"{posthog.base}/batch/", "POST", data={"api_key": "phc_wrong", "batch": []}).status == 401


def test_the_public_token_opens_nothing_private_and_scopes_count(posthog: PostHog, simulators: Simulators) -> None:
    simulators.settings("posthog", scopes=["query:read"])
    refused = posthog(f"{posthog.project}/annotations/")
    assert (refused.status, "annotation:read" in refused.json()["detail"]) == (403, True)
    assert posthog("/api/projects/41002/").status == 403
    posthog.key = posthog.token
    refused = posthog(f"{posthog.project}/annotations/")
    assert (refused.status, refused.json()["code"]) == (401, "authentication_failed")


def test_too_many_wait_for_the_seconds_that_are_named(posthog: PostHog, simulators: Simulators) -> None:
    simulators.fault("status", slug="posthog", reads=True, status=429)
    limited = posthog(f"{posthog.project}/")
    assert limited.json()["type"] == "throttled_error"
    assert limited.headers["retry-after"] in limited.json()["detail"]
