"""The Lighthouse CI simulator answers as GoogleChrome/lighthouse-ci's routes do, uploads included."""

import json
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

PROJECT = "5f4c1a2e-0000-4000-8000-000000000001"


class Server:
    """The server, spoken to as its client does."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("lighthouse")

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Answer:
        return ask(f"{self.base}{path}", method, data=data, headers=headers)

    def builds(self, query: str = "") -> list[dict[str, Any]]:
        return self("GET", f"/v1/projects/{PROJECT}/builds?{query}").json()


@pytest.fixture
def server(simulators: Simulators) -> Server:
    return Server(simulators)


def test_a_project_is_found_by_slug_and_id_and_keeps_its_token(server: Server) -> None:
    by_slug = server("GET", "/v1/projects/slug:portal").json()
    assert by_slug == server("GET", f"/v1/projects/{PROJECT}").json()
    assert (by_slug["id"], by_slug["token"], by_slug["baseBranch"]) == (PROJECT, "", "main")
    assert len(server("GET", "/v1/projects").json()) == 4
    missing = server("GET", "/v1/projects/slug:nobody")
    assert (missing.status, missing.body) == (404, b"Not Found")


def test_builds_are_listed_newest_first_and_filtered(server: Server) -> None:
    found = server.builds()
    assert [one["hash"][:7] for one in found][:2] == ["9c41e7d", "4be02aa"]
    assert found[0]["runAt"] > found[1]["runAt"]
    assert len(server.builds("limit=2")) == 2
    assert server.builds("branch=nowhere") == []
    assert [one["hash"] for one in server.builds(f"hash={found[1]['hash']}")] == [found[1]["hash"]]


def test_the_ancestor_is_the_build_before_on_the_base_branch(server: Server) -> None:
    newest, before, *_, oldest = server.builds()
    path = f"/v1/projects/{PROJECT}/builds"
    assert server("GET", f"{path}/{newest['id']}/ancestor").json()["id"] == before["id"]
    assert server("GET", f"{path}/{oldest['id']}/ancestor").status == 404


def test_statistics_have_medians_by_page(server: Server, simulators: Simulators) -> None:
    path = f"/v1/projects/{PROJECT}/builds/{server.builds()[0]['id']}/statistics"
    medians = {s["url"]: s["value"] for s in server("GET", path).json() if s["name"] == "category_performance_median"}
    assert medians == {
        "https://portal.motion-mavericks.example/": 0.61,
        "https://portal.motion-mavericks.example/share/1": 0.61,
    }
    simulators.settings("lighthouse", averages=True)
    assert "category_performance_average" in {one["name"] for one in server("GET", path).json()}


def test_a_build_is_uploaded_and_sealed(server: Server) -> None:
    token = {"token": "build-token-motion-mavericks"}
    assert server("POST", "/v1/projects/lookup", token).json()["id"] == PROJECT
    assert server("POST", "/v1/projects/lookup", {"token": "nobody"}).status == 404
    path = f"/v1/projects/{PROJECT}/builds"
    wanted = {"hash": "f" * 40, "branch": "main", "lifecycle": "unsealed", "commitMessage": "x"}
    made = server("POST", path, wanted).json()
    assert server("POST", path, wanted).status == 422
    assert server("PUT", f"{path}/{made['id']}/lifecycle", "sealed").status == 422
    report = json.dumps({"categories": {"performance": {"score": 0.88}}})
    server("POST", f"{path}/{made['id']}/runs", {"url": "https://a.example/", "lhr": report, "representative": False})
    assert server("GET", f"{path}/{made['id']}/statistics").json() == []
    assert server("PUT", f"{path}/{made['id']}/lifecycle", "sealed").status == 204
    found = server("GET", f"{path}/{made['id']}/statistics").json()
    assert {"category_performance_median": 0.88}.items() <= {one["name"]: one["value"] for one in found}.items()
    assert {one["value"] for one in found if one["name"] == "category_seo_median"} == {-1}


def test_a_password_guards_all_but_the_health_address(server: Server, simulators: Simulators) -> None:
    simulators.settings("lighthouse", password="open sesame")
    refused = server("GET", "/version")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Basic")
    assert server("GET", "/version", Authorization="Basic bGhjaTpvcGVuIHNlc2FtZQ==").body == b"0.15.1"
    assert server("GET", "/healthz").body == b"healthy"
