"""Neon's own facts: operations one after the other, 423 while they run, a restore that keeps the old branch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

PROJECT, MAIN = "quiet-portal-028834", "br-main-motion-mavericks"
RESTORE = f"/branches/{MAIN}/restore"


class Neon:
    """Motion Mavericks at Neon."""

    def __init__(self, simulators: Simulators) -> None:
        described = simulators.describe()["neon"]
        self.base = f"{simulators.address('neon')}/api/v2"
        self.headers = {"Authorization": f"Bearer {described['credentials']['api_key']}"}

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> Answer:
        url = f"{self.base}/projects/{PROJECT}{path}"
        return ask(url, method, headers={**self.headers, **headers}, data=data)

    def branch(self, name: str) -> dict[str, Any]:
        """The branch with that name."""
        (found,) = [one for one in self("GET", "/branches").json()["branches"] if one["name"] == name]
        return found


@pytest.fixture
def neon(simulators: Simulators) -> Neon:
    return Neon(simulators)


def hour_ago() -> str:
    return (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def wanted(**more: str) -> dict[str, str]:
    return {"source_branch_id": MAIN, "source_timestamp": hour_ago(), "preserve_under_name": "main_before", **more}


def test_a_restore_keeps_id_and_name_and_moves_the_old_content_and_children(neon: Neon, simulators: Simulators) -> None:
    answer = neon("POST", RESTORE, wanted())
    assert answer.status == 200
    assert (answer.json()["branch"]["id"], answer.json()["branch"]["current_state"]) == (MAIN, "resetting")
    assert [one["status"] for one in answer.json()["operations"]] == ["running"] + ["scheduling"] * 3
    simulators.advance(9)
    main, kept = neon.branch("main"), neon.branch("main_before")
    assert (main["id"], main["current_state"]) == (MAIN, "ready")
    assert "last_reset_at" in main
    assert "parent_id" not in main, "restored root branches stay roots"
    assert neon.branch("staging")["parent_id"] == kept["id"]
    schema = {one: neon("GET", f"/branches/{one}/schema?db_name=portal").json()["sql"] for one in (MAIN, kept["id"])}
    assert "v2_31_0" not in schema[MAIN]
    assert "v2_31_0" in schema[kept["id"]]


def test_operations_run_one_after_the_other_and_lock_the_project(neon: Neon, simulators: Simulators) -> None:
    first = neon("POST", RESTORE, wanted()).json()["operations"][0]["id"]
    locked = neon("POST", "/branches", {"branch": {"name": "x"}})
    assert (locked.status, set(locked.json())) == (423, {"request_id", "code", "message"})
    simulators.advance(2.5)
    assert neon("GET", f"/operations/{first}").json()["operation"]["status"] == "finished"
    statuses = [one["status"] for one in neon("GET", "/operations").json()["operations"]]
    assert statuses == ["scheduling", "scheduling", "running", "finished"], "the newest first"
    simulators.advance(7)
    assert neon("POST", "/branches", {"branch": {"name": "x"}}).status == 201


def test_operations_come_in_pages(neon: Neon, simulators: Simulators) -> None:
    neon("POST", RESTORE, wanted())
    simulators.advance(9)
    page = neon("GET", "/operations?limit=3").json()
    rest = neon("GET", f"/operations?limit=3&cursor={page['pagination']['cursor']}").json()
    assert (len(page["operations"]), len(rest["operations"]), "pagination" in rest) == (3, 1, False)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"preserve_under_name": ""}, 400),
        ({"source_timestamp": ""}, 400),
        ({"source_timestamp": "2020-01-01T00:00:00Z"}, 400),
        ({"source_timestamp": "2990-01-01T00:00:00Z"}, 400),
        ({"source_timestamp": "yesterday"}, 400),
        ({"preserve_under_name": "staging"}, 409),
        ({"source_branch_id": "br-nowhere"}, 404),
    ],
    ids=str,
)
def test_a_restore_that_asks_too_little_or_too_much_is_refused(
    neon: Neon, simulators: Simulators, changes: dict[str, str], status: int
) -> None:
    answer = neon("POST", RESTORE, wanted(**changes))
    assert answer.status == status
    assert answer.json()["message"]
    assert simulators.effects("neon") == []


def test_a_branch_of_an_earlier_point_has_a_parent_and_its_time(neon: Neon, simulators: Simulators) -> None:
    at = hour_ago()
    body = {
        "branch": {"name": "look", "parent_id": MAIN, "parent_timestamp": at},
        "endpoints": [{"type": "read_write"}],
    }
    made = neon("POST", "/branches", body)
    assert (made.status, len(made.json()["endpoints"]), len(made.json()["operations"])) == (201, 1, 2)
    assert made.json()["branch"]["current_state"] == "init"
    simulators.advance(5)
    branch = neon.branch("look")
    assert (branch["parent_id"], branch["parent_timestamp"], branch["current_state"]) == (MAIN, at, "ready")
    assert neon("DELETE", f"/branches/{branch['id']}").status == 200
    assert neon("DELETE", f"/branches/{branch['id']}").status == 204


def test_parents_and_the_default_branch_are_not_deleted(neon: Neon) -> None:
    assert neon("DELETE", f"/branches/{MAIN}").status == 422


def test_a_snapshot_is_asked_for_in_the_query_and_restored_into_a_new_branch(
    neon: Neon, simulators: Simulators
) -> None:
    made = neon("POST", f"/branches/{MAIN}/snapshot?name=before").json()["snapshot"]
    simulators.advance(3)
    assert [one["name"] for one in neon("GET", "/snapshots").json()["snapshots"]] == ["before"]
    restored = neon("POST", f"/snapshots/{made['id']}/restore", {"name": "again"})
    assert (restored.status, restored.json()["branch"]["name"]) == (200, "again")


def test_a_restored_snapshot_is_looked_at_first_and_then_put_in_place(neon: Neon, simulators: Simulators) -> None:
    made = neon("POST", f"/branches/{MAIN}/snapshot?name=before").json()["snapshot"]
    simulators.advance(3)
    back = neon("POST", f"/snapshots/{made['id']}/restore", {"name": "again"}).json()["branch"]["id"]
    simulators.advance(3)
    assert neon("POST", f"/branches/{back}/finalize_restore", {}).status == 200
    assert (neon.branch("main")["id"], neon.branch("main (old)")["id"]) == (back, MAIN)
    (endpoint,) = neon("GET", "/endpoints").json()["endpoints"]
    assert endpoint["branch_id"] == back, "the address that applications use moves with it"
    simulators.advance(5)
    assert neon("POST", f"/branches/{back}/finalize_restore", {}).status == 400


def test_computes_are_restarted_closed_and_told_how_to_connect_to(neon: Neon, simulators: Simulators) -> None:
    endpoint = "ep-main-motion-mavericks"
    restarted = neon("POST", f"/endpoints/{endpoint}/restart")
    assert [one["action"] for one in restarted.json()["operations"]] == ["suspend_compute", "start_compute"]
    simulators.advance(5)
    closed = neon("PATCH", f"/endpoints/{endpoint}", {"endpoint": {"disabled": True}})
    assert closed.json()["endpoint"]["disabled"] is True
    uri = neon("GET", f"/connection_uri?branch_id={MAIN}&database_name=portal&role_name=portal_owner&pooled=true")
    assert f"@{endpoint}-pooler." in uri.json()["uri"]


def test_a_request_id_is_given_back_with_an_error(neon: Neon) -> None:
    answer = neon("GET", "/branches/br-nowhere", **{"X-Request-ID": "mine"})
    assert (answer.status, answer.json()["request_id"]) == (404, "mine")


def test_a_key_sees_its_own_organisation_only(simulators: Simulators) -> None:
    key = simulators.describe()["neon"]["organisations"]["partpulse"]["credentials"]["api_key"]
    headers = {"Authorization": f"Bearer {key}"}
    base = f"{simulators.address('neon')}/api/v2/projects"
    assert ask(f"{base}/{PROJECT}", headers=headers).status == 404
    assert [one["id"] for one in ask(base, headers=headers).json()["projects"]] == ["quiet-partpulse-028834"]
    assert ask(base, headers={"Authorization": "Bearer nobody"}).status == 401
    assert ask(f"{simulators.address('neon')}/projects", headers=headers).status == 404, "all is below /api/v2"
