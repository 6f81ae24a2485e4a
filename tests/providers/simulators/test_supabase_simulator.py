"""Supabase's own facts: 201 without a body, a project that is out of reach meanwhile, no restore while it is not up."""

import time
from typing import Any

import pytest

from apps.providers.simulation import Simulators
from tests.simulators import Answer, ask

REF = "motionmavericksabcde"


class Supabase:
    """Motion Mavericks at Supabase."""

    def __init__(self, simulators: Simulators) -> None:
        self.base = simulators.address("supabase")
        token = simulators.describe()["supabase"]["credentials"]["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str = "", data: Any = None) -> Answer:
        return ask(f"{self.base}/v1/projects/{REF}{path}", method, headers=self.headers, data=data)

    def restore(self, seconds_ago: float = 3600) -> Answer:
        body = {"recovery_time_target_unix": int(time.time() - seconds_ago)}
        return self("POST", "/database/backups/restore-pitr", body)

    def status(self) -> str:
        found: str = self("GET").json()["status"]
        return found


@pytest.fixture
def supabase(simulators: Simulators) -> Supabase:
    return Supabase(simulators)


def test_a_restore_is_taken_with_201_and_no_body_and_ends_by_the_clock(
    supabase: Supabase, simulators: Simulators
) -> None:
    taken = supabase.restore()
    assert (taken.status, taken.body) == (201, b"")
    assert supabase.status() == "RESTORING"
    (database,) = supabase("GET", "/health?services=db").json()
    assert (database["status"], database["healthy"]) == ("UNHEALTHY", False)
    assert supabase.restore().status == 400, "one at a time"
    simulators.advance(601)
    assert supabase.status() == "ACTIVE_HEALTHY"


@pytest.mark.parametrize(("ends", "status"), [("failed", "RESTORE_FAILED"), ("never", "RESTORING")])
def test_a_restore_may_fail_or_never_end(supabase: Supabase, simulators: Simulators, ends: str, status: str) -> None:
    simulators.settings("supabase", restore_ends=ends)
    supabase.restore()
    simulators.advance(3 * 86400)
    assert supabase.status() == status


@pytest.mark.parametrize("seconds_ago", [8 * 86400, 10, -60])
def test_a_moment_outside_of_the_window_is_refused(supabase: Supabase, seconds_ago: float) -> None:
    data = supabase("GET", "/database/backups").json()["physical_backup_data"]
    wanted = time.time() - seconds_ago
    assert not data["earliest_physical_backup_date_unix"] <= wanted <= data["latest_physical_backup_date_unix"]
    answer = supabase.restore(seconds_ago)
    assert answer.status == 400
    assert answer.json()["message"]


def test_backups_are_listed_the_newest_first_and_restored_by_id(supabase: Supabase) -> None:
    listed = supabase("GET", "/database/backups").json()
    assert [one["id"] for one in listed["backups"]] == [4007, 4006, 4005, 4004, 4003, 4002, 4001]
    assert (listed["pitr_enabled"], listed["walg_enabled"]) == (True, True)
    assert supabase("POST", "/database/backups/restore", {"id": 1}).status == 404
    assert supabase("POST", "/database/backups/restore", {"id": 4006}).status == 201


def test_a_restore_point_is_pending_first_and_its_name_is_short(supabase: Supabase, simulators: Simulators) -> None:
    path = "/database/backups/restore-point"
    assert supabase("GET", f"{path}?name=mine").status == 404
    assert supabase("POST", path, {"name": "x" * 21}).status == 400
    made = supabase("POST", path, {"name": "mine"})
    assert (made.status, made.json()["status"]) == (201, "PENDING")
    simulators.advance(6)
    assert supabase("GET", f"{path}?name=mine").json()["status"] == "AVAILABLE"
    assert supabase("POST", "/database/backups/undo", {"name": "mine"}).status == 201
    assert supabase.status() == "RESTORING"


def test_services_must_be_named(supabase: Supabase) -> None:
    assert supabase("GET", "/health").status == 400
    names = [one["name"] for one in supabase("GET", "/health?services=db&services=rest").json()]
    assert names == ["db", "rest"]


def test_waking_a_paused_project_is_no_restore_of_data(supabase: Supabase, simulators: Simulators) -> None:
    assert supabase("POST", "/pause").status == 200
    assert supabase.status() == "INACTIVE"
    assert supabase.restore().status == 400
    assert supabase("POST", "/restore").status == 200
    assert supabase.status() == "ACTIVE_HEALTHY"
    assert [effect["kind"] for effect in simulators.effects("supabase")] == ["pause", "wake"]


def test_every_answer_counts_down_and_what_is_too_much_is_429(supabase: Supabase, simulators: Simulators) -> None:
    first = supabase("GET")
    assert first.headers["x-ratelimit-limit"] == "120"
    assert 1 <= int(first.headers["x-ratelimit-reset"]) <= 60
    simulators.settings("supabase", requests_per_minute=1)
    refused = [one for one in (supabase("GET") for _ in range(3)) if one.status == 429]
    assert refused, "a minute may end between two of them"
    assert refused[0].headers["x-ratelimit-remaining"] == "0"


def test_a_token_sees_its_own_project_only(supabase: Supabase, simulators: Simulators) -> None:
    other = ask(f"{supabase.base}/v1/projects/partpulseabcdefghijk", headers=supabase.headers)
    assert (other.status, set(other.json())) == (403, {"message"})
    assert ask(f"{supabase.base}/v1/projects", headers={"Authorization": "Bearer nobody"}).status == 401
    listed = ask(f"{supabase.base}/v1/projects", headers=supabase.headers).json()
    assert [one["ref"] for one in listed] == [REF]


def test_sql_that_only_reads_is_no_change(supabase: Supabase, simulators: Simulators) -> None:
    query = {"query": "select extract(epoch from pg_postmaster_start_time())::bigint as started"}
    answer = supabase("POST", "/database/query/read-only", query)
    assert (answer.status, set(answer.json()[0])) == (201, {"started"})
    assert simulators.journal("supabase") == []


@pytest.mark.parametrize(("path", "found"), [("/branches", []), ("/restore", ["available_versions"])], ids=str)
def test_the_command_line_finds_what_it_asks_for_besides(supabase: Supabase, path: str, found: list[str]) -> None:
    answer = supabase("GET", path)
    assert answer.status == 200
    assert list(answer.json()) == found
    assert {one["name"] for one in supabase("GET", "/api-keys").json()} == {"anon", "service_role"}
