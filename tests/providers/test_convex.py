"""Convex: a known commit through its pipeline, data put back only over a copy, functions held to their word."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Provider, Risk, Seen, Sending
from apps.providers.convex import importing, wire
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import Respond, answer, in_turn, routed

OLD = "1772330400000000000"
IMPORT = Call("import_snapshot", {"snapshot": OLD})
REDEPLOY = Call("redeploy", {"commit": "0c7d8e5"})
KEYS = {"deploy_key": "prod:happy-animal-1|a-key-of-many-letters", "pipeline_token": "github_pat_abcdefgh"}
SETTINGS = {"deployment": "happy-animal-1", "version_query": "v:now", "pipeline": "o/r/deploy.yml"}


@pytest.fixture
def convex() -> Provider:
    """The adapter."""
    return provider("convex")


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("convex")


def tables(simulators: Simulators) -> dict[str, Any]:
    """Return how many documents each table has, and the running commit."""
    found: dict[str, Any] = simulators.do("convex", "look", organisation="derrimut")
    return found


# --- deploying -------------------------------------------------------------------------------------------------------


def test_the_pipeline_gets_the_commit_and_the_deployment_tells_when_it_runs(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = convex.apply(access, REDEPLOY, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    assert outcome.external_url.startswith("https://github.com/derrimut/derrimut-platform/actions/runs/")
    (entry,) = simulators.journal("convex")
    assert entry["path"] == "/repos/derrimut/derrimut-platform/actions/workflows/deploy-convex.yml/dispatches"
    assert json.loads(entry["body"]) == {"ref": "main", "inputs": {"commit": "0c7d8e5"}}
    assert convex.verify(access, REDEPLOY, sending).proof is Proof.NOT_YET
    simulators.advance(60)
    assert convex.verify(access, REDEPLOY, sending).proof is Proof.SATISFIED


def test_a_pipeline_that_ends_red_never_looks_done(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("convex", deploy_fails=True)
    assert convex.apply(access, REDEPLOY, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(3600)
    assert convex.verify(access, REDEPLOY, sending).proof is Proof.NOT_YET


def test_a_longer_and_a_shorter_name_of_a_commit_are_the_same(convex: Provider, access: Access) -> None:
    running = convex.observe(access, REDEPLOY).identity["commit"]
    longer = Call("redeploy", {"commit": f"{running}0123456789"})
    assert convex.observe(access, longer).seen is Seen.DESIRED


@pytest.mark.parametrize("commit", ["", "main", "0c7d8e", "0C7D8E5", "0c7d8e5; rm", "g" * 7, "a" * 41])
def test_only_a_commit_is_deployed(commit: str, convex: Provider) -> None:
    assert convex.problems(Call("redeploy", {"commit": commit}))


@pytest.mark.parametrize("pipeline", ["", "o/r", "o/r/../x", "../../y", "o/r/w.yml?x=1", "o/r/w/x"])
def test_a_pipeline_is_owner_repository_and_workflow(
    pipeline: str, convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    elsewhere = replace(access, settings={**access.settings, "pipeline": pipeline})
    assert convex.apply(elsewhere, REDEPLOY, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("convex") == []
    assert {f.code: f.level for f in convex.check(elsewhere)}["pipeline"] == "warning"


def test_a_function_that_tells_no_commit_leaves_it_unknown(convex: Provider, access: Access) -> None:
    for function in ("users:count", "users:nothing", ""):
        blind = replace(access, settings={**access.settings, "version_query": function})
        assert convex.observe(blind, REDEPLOY).seen is Seen.UNREADABLE
        assert {f.code: f.level for f in convex.check(blind)}["version"] == "warning"


# --- snapshots -------------------------------------------------------------------------------------------------------


def test_data_come_back_and_what_was_written_since_is_gone(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.do("convex", "write", organisation="derrimut", table="users", count=4)
    outcome = convex.apply(access, IMPORT, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.message
    assert tables(simulators)["users"] == 9, "nothing is gone while it runs"
    assert convex.verify(access, IMPORT, sending).proof is Proof.NOT_YET
    simulators.advance(30)
    verdict = convex.verify(access, IMPORT, sending)
    assert (verdict.proof, "8 documents" in verdict.message) == (Proof.SATISFIED, True)
    assert tables(simulators)["users"] == 5


@pytest.mark.parametrize(("mode", "left"), [("replace", 2), ("replaceAll", None)])
def test_tables_that_the_snapshot_lacks_stay_or_go_as_the_plan_says(
    mode: str, left: int | None, convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.do("convex", "write", organisation="derrimut", table="invoices", count=2)
    call = Call("import_snapshot", {"snapshot": OLD, "mode": mode})
    assert convex.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(30)
    assert tables(simulators).get("invoices") == left


def test_nothing_is_imported_without_a_fresh_copy_to_come_back_to(
    convex: Provider, access: Access, sending: Sending, again: Sending, simulators: Simulators
) -> None:
    state = simulators.state("convex")["deployments"]["derrimut"]
    copy = Call("import_snapshot", {"snapshot": state["exports"][-1]["name"]})
    outcome = convex.apply(access, copy, sending)
    assert outcome.kind is OutcomeKind.REJECTED, "the newest snapshot is not a copy against itself"
    assert "export_snapshot" in outcome.message
    assert simulators.journal("convex") == []
    assert convex.apply(access, Call("export_snapshot", {"max_age_minutes": 1}), sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(30)
    assert convex.apply(access, copy, again).kind is OutcomeKind.SUCCEEDED


def test_an_unfinished_export_is_no_copy(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("export_snapshot", {"max_age_minutes": 1})
    assert convex.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert convex.observe(access, call).under_way
    assert convex.apply(access, IMPORT, sending).kind is OutcomeKind.REJECTED
    second = convex.apply(access, call, sending)
    assert second.kind is OutcomeKind.RETRY_LATER
    assert "under way already" in second.message


def test_a_snapshot_that_is_young_enough_needs_no_other(convex: Provider, access: Access) -> None:
    assert convex.observe(access, Call("export_snapshot", {})).seen is Seen.DESIRED
    assert convex.observe(access, Call("export_snapshot", {"max_age_minutes": 2})).seen is Seen.OTHER


def test_a_snapshot_that_is_not_there_is_told_when_it_is_planned(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    gone = Call("import_snapshot", {"snapshot": "1700000000000000000"})
    lock = convex.airlock(access, gone)
    assert lock is not None
    assert "cannot be fetched" in lock.refusals[0]
    assert convex.apply(access, gone, sending).kind is OutcomeKind.REJECTED
    assert simulators.journal("convex") == []


def test_the_airlock_says_since_when_everything_is_lost(convex: Provider, access: Access) -> None:
    lock = convex.airlock(access, IMPORT)
    assert lock is not None
    assert lock.lost_from == datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    assert lock.lost_until is not None
    assert lock.lost_until > lock.lost_from
    assert not lock.refusals
    assert convex.action("import_snapshot").risk is Risk.DESTRUCTIVE
    assert convex.airlock(access, REDEPLOY) is None


def test_a_snapshot_that_convex_cannot_read_changes_nothing(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("convex", parse_fails=True)
    outcome = convex.apply(access, IMPORT, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "Duplicate _id" in outcome.message
    assert simulators.journal("convex") == []


@pytest.mark.parametrize("step", ["start_upload", "upload_part", "finish_upload"])
@pytest.mark.parametrize("kind", ["status", "reset_before", "reset_after"])
def test_an_upload_that_breaks_off_is_never_unknown(
    step: str, kind: str, convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.fault(kind, slug="convex", path=step, reads=True)
    outcome = convex.apply(access, IMPORT, sending)
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert "The import was not confirmed, so nothing was changed." in outcome.message
    assert simulators.journal("convex") == []


def test_a_permission_withdrawn_after_the_upload_confirms_nothing(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators
) -> None:
    permits = iter([True, True, True, False])
    outcome = convex.apply(access, IMPORT, replace(sending, permit=lambda: next(permits)))
    assert outcome.kind is OutcomeKind.NOT_SENT
    assert simulators.effects("convex") == []


def test_a_large_snapshot_is_uploaded_in_parts(
    convex: Provider, access: Access, sending: Sending, simulators: Simulators, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "PART", 100)
    assert convex.apply(access, IMPORT, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(30)
    assert tables(simulators)["users"] == 5


def test_a_snapshot_that_is_too_large_is_left_to_the_command_line(
    convex: Provider, access: Access, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LARGEST", 100)
    outcome = convex.apply(access, IMPORT, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "npx convex import" in outcome.message


def test_a_failed_import_is_told(convex: Provider, serve: Serve, sending: Sending) -> None:
    listed = [
        {"_creationTime": 2.0, "state": {"state": "failed", "error_message": "Hit an error while importing"}},
        {"_creationTime": 1.0, "state": {"state": "completed", "num_rows_written": "3"}},
    ]
    server = serve(answer(200, {"status": "success", "value": listed}))
    verdict = convex.verify(Access(server.url, SETTINGS, KEYS), IMPORT, sending)
    assert verdict.proof is Proof.VIOLATED
    assert "Hit an error" in verdict.message


# --- functions: 200 and 560 ------------------------------------------------------------------------------------------

VALUES = [
    ({"function": "users:count", "equals": 5}, True),
    ({"function": "users:count", "equals": 6}, False),
    ({"function": "users:getUserByClerkId", "args": {"clerkId": "user2"}, "contains": "k17user2"}, True),
    ({"function": "users:getUserByClerkId", "args": {"clerkId": "nobody"}, "contains": "k17"}, False),
    ({"function": "users:getUserByClerkId"}, False),
    ({"function": "users:nowhere"}, False),
]


@pytest.mark.parametrize(("asked", "holds"), VALUES)
@pytest.mark.parametrize("status", [200, 560])
def test_a_function_is_held_to_its_value_whatever_status_a_failure_has(
    status: int, asked: dict[str, Any], holds: bool, convex: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.settings("convex", failed_status=status)
    assert convex.examine(access, Call("query", asked)).holds is holds


def test_a_function_that_fails_says_why_and_is_asked_once(
    convex: Provider, access: Access, simulators: Simulators
) -> None:
    simulators.settings("convex", failed_status=560)
    simulators.do("convex", "break", organisation="derrimut", function="users:count")
    result = convex.examine(access, Call("query", {"function": "users:count"}))
    assert (result.holds, "Cannot read properties" in result.message) == (False, True)
    assert "Request ID" not in result.message
    sent = [one for one in simulators.control("requests?slug=convex") if one["path"] == "/api/query"]
    assert len(sent) == 1, "560 is an answer and no trouble to try again"


ODD: list[tuple[str, Respond]] = [
    ("success with 560", answer(560, {"status": "success", "value": 1})),
    ("no status", answer(200, {"value": 1})),
    ("success without a value", answer(200, {"status": "success"})),
    ("an error of the house", answer(400, {"code": "BadJsonBody", "message": "no"})),
    ("no JSON", answer(200, b"<html>")),
]


@pytest.mark.parametrize("respond", [one for _, one in ODD], ids=[name for name, _ in ODD])
def test_an_answer_in_another_shape_tells_nothing(respond: Respond, convex: Provider, serve: Serve) -> None:
    access = Access(serve(respond).url, SETTINGS, KEYS)
    assert convex.examine(access, Call("query", {"function": "a:b"})).holds is None


def test_a_check_of_a_public_function_does_not_sign_in(convex: Provider, serve: Serve) -> None:
    server = serve(answer(200, {"status": "success", "value": None, "logLines": []}))
    asked = {"function": "users:get", "args": {"a": [1]}, "equals": None}
    assert convex.examine(Access(f"{server.url}/x", SETTINGS, KEYS), Call("query", asked)).holds is True
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/x/api/query")
    assert "authorization" not in request.headers
    assert request.json() == {"path": "users:get", "args": {"a": [1]}, "format": "json"}


def test_its_own_functions_are_asked_with_the_deploy_key(convex: Provider, serve: Serve) -> None:
    server = serve(answer(200, {"status": "success", "value": "0c7d8e5"}))
    assert convex.observe(Access(server.url, SETTINGS, KEYS), REDEPLOY).seen is Seen.DESIRED
    assert server.requests[0].headers["authorization"] == f"Convex {KEYS['deploy_key']}"


NUMBERS = [
    ("1772330400000000000", 1772330400000000000),
    ({"$integer": "AECgzBuVmBg="}, 1772330400000000000),
    (7, 7),
    (True, None),
    (None, None),
    ("x", None),
    ({"$integer": "?"}, None),
]


@pytest.mark.parametrize(("written", "number"), NUMBERS, ids=str)
def test_64_bit_numbers_are_read_in_every_way_they_are_written(written: Any, number: int | None) -> None:
    assert wire.whole_number(written) == number


# --- signing in ------------------------------------------------------------------------------------------------------


def test_the_preflight_names_deployment_version_and_pipeline(convex: Provider, access: Access) -> None:
    found = {finding.code: finding for finding in convex.check(access)}
    assert set(found) == {"sign-in", "deployment", "version", "pipeline"}
    assert {finding.level for finding in found.values()} == {"ok"}
    assert "happy-derrimut-101 (prod)" in found["deployment"].message


def test_a_wrong_key_is_an_error_and_a_wrong_pipeline_token_a_warning(convex: Provider, connect: Connect) -> None:
    wrong = connect("convex", credentials={"deploy_key": "prod:x|not-a-key"})
    assert [finding.level for finding in convex.check(wrong)] == ["error"]
    blind = connect("convex", credentials={"pipeline_token": "github_pat_wrong"})
    assert {f.code: f.level for f in convex.check(blind)}["pipeline"] == "warning"


def test_a_development_deployment_is_not_taken_for_production(convex: Provider, serve: Serve) -> None:
    info = answer(200, {"deploymentName": "tame-fox-2", "deploymentType": "dev"})
    never = answer(200, {"status": "success", "value": None})
    server = serve(routed({"POST /api/query": never, "GET /api/v1/deployment_info": info}))
    found = {f.code: f for f in convex.check(Access(server.url, {"deployment": "x"}, KEYS))}
    assert (found["deployment"].level, "tame-fox-2 (dev)" in found["deployment"].message) == ("warning", True)


def test_the_deployments_name_makes_its_address(convex: Provider) -> None:
    assert wire.home(Access("", SETTINGS, KEYS)) == "https://happy-animal-1.convex.cloud"
    for name in ("", "a.b", "x/y", "evil.example#", "-a", "A"):
        assert convex.check(Access("", {"deployment": name}, KEYS))[0].level == "error"


def test_waiting_for_a_slow_import_ends_before_the_confirmation(
    convex: Provider, serve: Serve, sending: Sending
) -> None:
    def told(value: Any) -> Respond:
        return answer(200, {"status": "success", "value": value})

    file = BytesIO()
    ZipFile(file, "w").close()
    newest = {"state": "completed", "start_ts": str(int(datetime.now(UTC).timestamp()) * 10**9)}
    steps: dict[str, Respond] = {
        "POST /api/query": in_turn(told(newest), told({"state": {"state": "uploaded"}})),
        f"GET /api/export/zip/{OLD}": answer(200, file.getvalue()),
        "POST /api/import/start_upload": answer(200, {"uploadToken": "t"}),
        "POST /api/import/upload_part": answer(200, "p"),
        "POST /api/import/finish_upload": answer(200, {"importId": "i"}),
    }
    server = serve(routed(steps))
    outcome = convex.apply(Access(server.url, SETTINGS, KEYS), IMPORT, replace(sending, deadline_seconds=1.0))
    assert outcome.kind is OutcomeKind.RETRY_LATER
    assert "still reading" in outcome.message
    assert not any(request.target == "/api/perform_import" for request in server.requests)
