"""The Statuspage simulator answers as Atlassian's description of the API says."""

from typing import Any
from urllib.parse import urlencode

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

KEY = "statuspage-simulated-motion-mavericks"


class Page:
    """Motion Mavericks' page, spoken to as a customer does."""

    def __init__(self, simulators: Simulators) -> None:
        described = simulators.describe()["statuspage"]
        self.base = f"{simulators.address('statuspage')}/v1/pages/{described['settings']['page_id']}"
        self.components = described["objects"]["components"]

    def __call__(self, method: str, path: str, data: Any = None, **more: Any) -> Answer:
        headers = {"Authorization": f"OAuth {KEY}", **more.pop("headers", {})}
        return ask(f"{self.base}{path}", method, headers=headers, data=data, **more)


@pytest.fixture
def page(simulators: Simulators) -> Page:
    return Page(simulators)


def test_a_post_makes_an_incident_each_time(page: Page, simulators: Simulators) -> None:
    body = {"incident": {"name": "Down", "status": "investigating", "body": "Looking."}}
    first, second = (page("POST", "/incidents", body) for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    assert {"id", "name", "status", "impact", "components", "incident_updates", "shortlink", "metadata"} <= set(
        first.json()
    )
    look = simulators.do("statuspage", "look", organisation="motion-mavericks")
    assert look["mails"] == 2


def test_components_of_an_incident_change_and_give_it_its_impact(page: Page) -> None:
    key = page.components["API"]
    body = {"incident": {"name": "Down", "components": {key: "partial_outage"}, "component_ids": [key]}}
    made = page("POST", "/incidents", body).json()
    assert (made["impact"], made["components"][0]["status"]) == ("major", "partial_outage")
    assert made["incident_updates"][0]["affected_components"][0]["old_status"] == "operational"
    done = page("PATCH", f"/incidents/{made['id']}", {"incident": {"status": "resolved", "body": "Over."}}).json()
    assert (done["status"], done["components"][0]["status"]) == ("resolved", "partial_outage")
    assert done["resolved_at"]
    assert [one["status"] for one in done["incident_updates"]] == ["resolved", "investigating"]


def test_a_form_is_understood_like_json_and_json_may_stand_behind_the_path(page: Page) -> None:
    key = page.components["App"]
    form = {"incident[name]": "Down", f"incident[components][{key}]": "major_outage"}
    form |= {"incident[component_ids][]": key, "incident[deliver_notifications]": "false"}
    made = page(
        "POST",
        "/incidents.json",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    ).json()
    assert (made["name"], made["impact"]) == ("Down", "critical")
    assert made["incident_updates"][0]["deliver_notifications"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x", "status": "broken"},
        {"name": "x", "impact_override": "huge"},
        {"name": "x", "metadata": {"flat": "value"}},
        {"name": "x", "components": {"nobody": "operational"}},
        {"name": "x", "component_ids": ["nobody"]},
    ],
)
def test_what_is_not_valid_is_422_with_a_message(wrong: dict[str, Any], page: Page, simulators: Simulators) -> None:
    refused = page("POST", "/incidents", {"incident": wrong})
    assert (refused.status, list(refused.json())) == (422, ["message"])
    assert simulators.effects("statuspage") == []


def test_lists_are_paged_and_searched(page: Page) -> None:
    for number in range(3):
        page("POST", "/incidents", {"incident": {"name": f"Down {number}", "body": "Looking."}})
    names = [one["name"] for one in page("GET", "/incidents?limit=2&page=1").json()]
    assert names == ["Down 2", "Down 1"]
    assert [one["name"] for one in page("GET", "/incidents?limit=2&page=2").json()] == ["Down 0", "Digests are late"]
    assert [one["name"] for one in page("GET", "/incidents?q=digests").json()] == ["Digests are late"]
    assert len(page("GET", "/incidents/unresolved?per_page=3").json()) == 3
    assert page("GET", "/components?per_page=2&page=2").json()[0]["name"] == "Share links"


def test_a_component_is_looked_at_and_set(page: Page, simulators: Simulators) -> None:
    path = f"/components/{page.components['API']}"
    assert page("PATCH", path, {"component": {"status": "under_maintenance"}}).json()["status"] == "under_maintenance"
    assert page("GET", path).json()["status"] == "under_maintenance"
    assert page("PATCH", path, {"component": {"status": "gone"}}).status == 422
    assert len(simulators.effects("statuspage")) == 1


@pytest.mark.parametrize("status", [420, 429])
def test_one_request_too_many_is_420_or_429(status: int, page: Page, simulators: Simulators) -> None:
    simulators.settings("statuspage", requests_a_minute=2, limit_status=status)
    assert [page("GET", "").status for _ in range(3)] == [200, 200, status]
    simulators.advance(61)
    assert page("GET", "").status == 200


def test_only_the_owner_sees_a_page(page: Page, simulators: Simulators) -> None:
    assert ask(page.base).status == 401
    assert ask(page.base, headers={"Authorization": f"Bearer {KEY}"}).status == 401
    assert ask(f"{page.base}?api_key={KEY}").status == 200
    other = {"Authorization": "OAuth statuspage-simulated-partpulse"}
    assert ask(page.base, headers=other).status == 404
    assert page("GET", "/incidents/nothing").status == 404
