"""The Cachet simulator answers as cachethq/core's own API tests expect."""

from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

TOKEN = "1|cachet-simulated-motion-mavericks"


class Api:
    """Motion Mavericks' Cachet, spoken to as a customer does."""

    def __init__(self, simulators: Simulators, token: str = TOKEN) -> None:
        self.base = f"{simulators.address('cachet')}/api"
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method: str, path: str, data: Any = None) -> Answer:
        return ask(f"{self.base}{path}", method, headers=self.headers, data=data)


@pytest.fixture
def api(simulators: Simulators) -> Api:
    return Api(simulators)


def test_an_incident_is_made_with_its_components(api: Api) -> None:
    parts = [{"id": 1, "status": 3}, {"id": 2, "status": 4}]
    made = api("POST", "/incidents", {"name": "New", "message": "Wrong.", "status": 2, "components": parts})
    assert made.status == 201
    data = made.json()["data"]
    assert (data["type"], data["attributes"]["name"]) == ("incidents", "New")
    assert data["attributes"]["status"] == {"human": "Identified", "value": 2}
    shown = api("GET", f"/incidents/{data['id']}?include=components").json()
    assert [one["id"] for one in shown["included"]] == ["1", "2"]


def test_metadata_is_kept_with_its_types_and_found_by_filter(api: Api) -> None:
    meta = {"region": "eu-west", "priority": 3}
    made = api("POST", "/incidents", {"name": "New", "message": "Wrong.", "status": 1, "meta": meta}).json()["data"]
    assert api("GET", f"/incidents/{made['id']}?include=meta").json()["data"]["attributes"]["meta"] == meta
    assert "meta" not in api("GET", f"/incidents/{made['id']}").json()["data"]["attributes"]
    found = api("GET", "/incidents?filter[meta][region]=eu-west&filter[status]=1").json()["data"]
    assert [one["id"] for one in found] == [made["id"]]


def test_an_update_gives_the_incident_its_status(api: Api, simulators: Simulators) -> None:
    added = api("POST", "/incidents/1/updates", {"status": 4, "message": " Over. "})
    assert (added.status, added.json()["data"]["attributes"]["message"]) == (201, "Over.")
    assert api("GET", "/incidents/1").json()["data"]["attributes"]["status"]["value"] == 4
    assert [one["attributes"]["status"]["human"] for one in api("GET", "/incidents/1/updates").json()["data"]] == [
        "Fixed"
    ]
    assert simulators.do("cachet", "look", organisation="motion-mavericks")["mails"] == 1


def test_lists_have_fifteen_things_unless_asked_and_name_the_next_page(api: Api) -> None:
    for number in range(16):
        api("POST", "/incidents", {"name": f"N{number}", "message": "m", "status": 1})
    first = api("GET", "/incidents").json()
    assert (len(first["data"]), first["links"]["next"] is not None, first["meta"]["per_page"]) == (15, True, 15)
    assert first["data"][0]["attributes"]["name"] == "N15"
    rest = api("GET", "/incidents?per_page=15&page=2").json()
    assert (len(rest["data"]), rest["links"]["next"]) == (2, None)


def test_reading_needs_no_token_but_hides_what_is_not_for_visitors(api: Api, simulators: Simulators) -> None:
    hidden = api("POST", "/incidents", {"name": "Inside", "message": "m", "status": 1}).json()["data"]["id"]
    visitor = Api(simulators, token="")
    assert visitor("GET", "/components").status == 200
    assert [one["attributes"]["name"] for one in visitor("GET", "/incidents").json()["data"]] == ["Digests are late"]
    assert visitor("GET", f"/incidents/{hidden}").status == 404
    assert api("GET", f"/incidents/{hidden}").status == 200


def test_writing_needs_a_token_and_an_ability(api: Api, simulators: Simulators) -> None:
    body = {"name": "New", "message": "Wrong.", "status": 2}
    refused = Api(simulators, token="1|nobody")("POST", "/incidents", body)
    assert (refused.status, refused.json()) == (401, {"message": "Unauthenticated."})
    simulators.settings("cachet", abilities=["incidents.manage"])
    assert api("POST", "/incidents", body).status == 201
    assert api("PUT", "/components/1", {"status": 2}).status == 403
    assert api("POST", "/incidents/1/updates", {"status": 1, "message": "m"}).status == 403


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/incidents", {"message": "m", "status": 1}, "name"),
        ("/incidents", {"name": "x" * 256, "message": "m", "status": 1}, "name"),
        ("/incidents", {"name": "x", "status": 1}, "message"),
        ("/incidents", {"name": "x", "message": "m", "status": 9}, "status"),
        ("/incidents", {"name": "x", "message": "m", "status": 1, "components": [{"id": 9}]}, "components.0.id"),
        ("/incidents/1/updates", {"message": "m"}, "status"),
    ],
)
def test_what_is_not_valid_is_422_with_the_field(path: str, body: Any, field: str, api: Api) -> None:
    refused = api("POST", path, body)
    assert (refused.status, list(refused.json()["errors"])) == (422, [field])


def test_a_component_is_set(api: Api, simulators: Simulators) -> None:
    shown = api("PATCH", "/components/2", {"status": 6}).json()["data"]["attributes"]
    assert shown["status"] == {"human": "Under maintenance", "value": 6}
    assert api("PUT", "/components/2", {"status": 6}).status == 200
    assert len(simulators.effects("cachet")) == 1
    assert api("PUT", "/components/9", {"status": 1}).status == 404


def test_it_tells_about_itself_and_its_limit(api: Api, simulators: Simulators) -> None:
    assert api("GET", "/ping").json() == {"data": "Pong!"}
    assert api("GET", "/version").json()["data"]["version"].startswith("3")
    assert api("GET", "/status").json()["data"]["status"] == "operational"
    assert api("GET", "/version").headers["x-ratelimit-limit"] == "300"
    simulators.fault("status", slug="cachet", status=429, reads=True)
    assert api("GET", "/ping").headers["retry-after"] == "60"
