"""Vercel's environment variables: compared without being shown, put back from the build that had them."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from apps.providers.variables import Variables, changes
from apps.providers.vercel.provider import Vercel
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed
from tests.providers.simulators import accounts

LIVE, BEFORE = "dpl_7Qm2xVtR", "dpl_4Hc9nWbK"
NAME, SECRET, SENSITIVE = "SHARE_SIGNING_KEY_ID", "canary-value-of-a-variable", "MAIL_API_KEY"
BACK = Call("put_variable_back", {"variable": NAME, "deployment": BEFORE})
SAME = Call("variables_unchanged", {"deployment": BEFORE})
KEY = b"key of a test"
SPARSE = Access("", {"project_id": "prj_1"}, {"token": "vercel-token"})


@pytest.fixture
def vercel() -> Vercel:
    """The adapter."""
    found = provider("vercel")
    assert isinstance(found, Vercel)
    return found


@pytest.fixture
def access(connect: Connect) -> Access:
    """The access to the simulator."""
    return connect("vercel")


@pytest.fixture
def account(simulators: Simulators) -> accounts.Vercel:
    """The same account by another hand."""
    return accounts.Vercel(simulators)


def named(account: accounts.Vercel, name: str, target: str = "production") -> dict[str, Any]:
    """Return a variable as Vercel lists it in clear."""
    listed = account("GET", f"/v10/projects/prj_portal/env?decrypt=true&target={target}").json()["envs"]
    return next(one for one in listed if one["key"] == name)


def put(account: accounts.Vercel, name: str, value: str) -> None:
    """Change a variable by another hand."""
    path = f"/v9/projects/prj_portal/env/{named(account, name)['id']}"
    assert account("PATCH", path, {"value": value}).status == 200


def test_a_snapshot_has_names_times_and_fingerprints_and_no_value(vercel: Vercel, access: Access) -> None:
    assert isinstance(vercel, Variables)
    found = {one.name: one for one in vercel.variables(access, KEY)}
    assert list(found) == ["MAIL_API_KEY", "PUBLIC_API_URL", "SHARE_SIGNING_KEY_ID"]
    assert [one.readable for one in found.values()] == [False, True, True]
    assert all(one.changed_at for one in found.values())
    assert "motion-mavericks.example" not in repr(found)


@pytest.mark.parametrize("pulled", ["empty", "absent"])
def test_what_changed_between_two_builds_and_now_is_told_by_name(
    pulled: str, vercel: Vercel, access: Access, account: accounts.Vercel, simulators: Simulators
) -> None:
    simulators.settings("vercel", sensitive_in_pull=pulled)
    before, live = vercel.variables(access, KEY, BEFORE), vercel.variables(access, KEY, LIVE)
    assert [(one.name, one.kind) for one in changes(before, live)] == [(NAME, "changed")]
    assert changes(live, vercel.variables(access, KEY)) == []
    simulators.advance(60)
    put(account, SENSITIVE, "another")
    made = {"key": "NEW_ONE", "value": "1", "type": "plain", "target": ["production"]}
    account("POST", "/v10/projects/prj_portal/env", made)
    now = changes(live, vercel.variables(access, KEY))
    assert [(one.name, one.kind) for one in now] == [(SENSITIVE, "changed"), ("NEW_ONE", "added")]


def test_where_a_build_does_not_tell_its_variables_the_times_do(
    vercel: Vercel, access: Access, account: accounts.Vercel, simulators: Simulators
) -> None:
    simulators.settings("vercel", tells_deployment_env=False)
    found = changes(vercel.variables(access, KEY, BEFORE), vercel.variables(access, KEY))
    assert [(one.name, one.kind, one.before) for one in found] == [(NAME, "changed", "")]


def test_every_page_of_variables_is_read(vercel: Vercel, access: Access, simulators: Simulators) -> None:
    whole = vercel.variables(access, KEY)
    simulators.settings("vercel", env_page=1)
    assert vercel.variables(access, KEY) == whole


def test_what_vercel_adds_by_itself_and_one_branch_s_variables_are_left_out(vercel: Vercel, serve: Serve) -> None:
    rows = [
        {"id": "e1", "key": "A", "type": "plain", "target": "production", "updatedAt": 1755090000000},
        {"id": "e2", "key": "B", "type": "plain", "target": ["production"], "gitBranch": "main"},
        {"id": "e3", "key": "C", "type": "plain", "target": ["preview"]},
        {"id": "e4", "key": "VERCEL_URL", "type": "system", "target": ["production"]},
        {"odd": True},
        None,
    ]
    pulled = {"env": {"A": "1", "VERCEL": "1", "VERCEL_OIDC_TOKEN": "x"}, "buildEnv": None}
    table = {
        "GET /v10/projects/prj_1/env": answer(200, {"envs": rows}),
        "GET /v3/env/pull/prj_1/production": answer(200, pulled),
    }
    here = replace(SPARSE, base_url=serve(routed(table)).url)
    assert [(one.name, one.readable) for one in vercel.variables(here, KEY)] == [("A", True)]


def test_values_are_read_one_by_one_where_they_may_not_be_pulled(vercel: Vercel, serve: Serve) -> None:
    rows = [{"id": "e1", "key": "A", "type": "encrypted", "target": ["production"], "value": "cipher"}]
    table = {
        "GET /v10/projects/prj_1/env": answer(200, {"envs": rows}),
        "GET /v3/env/pull/prj_1/production": answer(403, {"error": {"code": "forbidden"}}),
        "GET /v1/projects/prj_1/env/e1": answer(200, {"id": "e1", "key": "A", "value": "clear"}),
    }
    here = replace(SPARSE, base_url=serve(routed(table)).url)
    (one,) = vercel.variables(here, KEY)
    assert one.readable
    assert vercel.variables(here, b"another key")[0].fingerprint != one.fingerprint


def test_a_value_is_put_back_without_ever_being_shown(
    vercel: Vercel, access: Access, sending: Sending, account: accounts.Vercel, simulators: Simulators, log: list[str]
) -> None:
    put(account, NAME, SECRET)
    pushed = simulators.do("vercel", "push", project="prj_portal", version="v2.31.1")
    put(account, NAME, "wrong-value-after-it")
    call = Call("put_variable_back", {"variable": NAME, "deployment": pushed["deployment"]})
    shown: list[Any] = [vercel.observe(access, call), vercel.apply(access, call, sending)]
    shown += [vercel.verify(access, call, sending), vercel.observe(access, call)]
    shown.append(vercel.examine(access, Call("variables_unchanged", {"deployment": BEFORE})))
    assert shown[2].proof is Proof.SATISFIED
    assert named(account, NAME)["value"] == SECRET
    for text in (SECRET, "wrong-value-after-it"):
        assert text not in repr(shown)
        assert text not in "\n".join(log)


def test_nothing_that_is_live_changes_until_it_is_built_again(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    live = Call("variables_unchanged", {"deployment": BEFORE, "compared_with": "live"})
    assert vercel.examine(access, SAME).holds is False
    vercel.apply(access, BACK, sending)
    assert vercel.examine(access, SAME).holds is True
    assert vercel.examine(access, live).holds is False
    vercel.apply(access, Call("redeploy", {"deployment": LIVE}), sending)
    simulators.advance(30)
    assert vercel.examine(access, live).holds is True


def test_a_build_that_keeps_its_old_variables_is_found_out(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("vercel", redeploy_env="original")
    vercel.apply(access, BACK, sending)
    vercel.apply(access, Call("redeploy", {"deployment": LIVE}), sending)
    simulators.advance(30)
    result = vercel.examine(access, Call("variables_unchanged", {"deployment": BEFORE, "compared_with": "live"}))
    assert result.holds is False
    assert NAME in result.message


def test_the_way_back_is_the_live_build_where_it_had_the_value(
    vercel: Vercel, access: Access, sending: Sending, account: accounts.Vercel
) -> None:
    seen = vercel.observe(access, BACK)
    assert vercel.inverse_of(BACK, seen) == Call("put_variable_back", {"variable": NAME, "deployment": LIVE})
    put(account, NAME, "a value that no build has")
    assert vercel.inverse_of(BACK, vercel.observe(access, BACK)) is None


def test_somebody_elses_change_is_drift(
    vercel: Vercel, access: Access, account: accounts.Vercel, simulators: Simulators
) -> None:
    baseline = vercel.observe(access, BACK)
    simulators.advance(5)
    put(account, NAME, "by another hand")
    assert vercel.observe(access, BACK).identity != baseline.identity


def test_a_sensitive_variable_is_left_to_people(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    call = Call("put_variable_back", {"variable": SENSITIVE, "deployment": BEFORE})
    assert vercel.observe(access, call).seen is Seen.UNREADABLE
    outcome = vercel.apply(access, call, sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert "never tells its value" in outcome.message
    assert "Nothing was sent" in outcome.message
    assert simulators.journal("vercel") == []


def test_a_build_that_does_not_tell_its_variables_is_left_to_people(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("vercel", tells_deployment_env=False)
    outcome = vercel.apply(access, BACK, sending)
    assert (outcome.kind, outcome.needs_operator) == (OutcomeKind.REJECTED, True)
    assert simulators.journal("vercel") == []


def test_a_variable_that_is_gone_is_made_again_for_production(
    vercel: Vercel, access: Access, sending: Sending, account: accounts.Vercel
) -> None:
    account("DELETE", f"/v9/projects/prj_portal/env/{named(account, NAME)['id']}")
    seen = vercel.observe(access, BACK)
    assert (seen.seen, seen.identity["variable"]) == (Seen.OTHER, "absent")
    assert vercel.apply(access, BACK, sending).kind is OutcomeKind.SUCCEEDED
    made = named(account, NAME)
    assert (made["value"], made["target"], made["type"]) == ("1", ["production"], "encrypted")


def test_a_name_that_the_build_did_not_have_is_refused(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = vercel.apply(access, Call("put_variable_back", {"variable": "NOPE", "deployment": BEFORE}), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "built without" in outcome.message
    assert simulators.journal("vercel") == []


def test_environments_that_share_the_value_are_named(
    vercel: Vercel, access: Access, account: accounts.Vercel, simulators: Simulators
) -> None:
    put(account, "PUBLIC_API_URL", "https://wrong.example")
    seen = vercel.observe(access, Call("put_variable_back", {"variable": "PUBLIC_API_URL", "deployment": BEFORE}))
    assert "shared with preview" in seen.summary


def test_made_but_failed_is_a_refusal_though_vercel_answers_201(vercel: Vercel, serve: Serve, sending: Sending) -> None:
    failed = {"created": [], "failed": [{"error": {"code": "ENV_CONFLICT", "message": f"{SECRET} exists"}}]}
    table = {
        "GET /v10/projects/prj_1/env": answer(200, {"envs": []}),
        f"GET /v3/env/pull/{BEFORE}": answer(200, {"env": {NAME: SECRET}}),
        "GET /v3/env/pull/prj_1/production": answer(200, {"env": {}}),
        "POST /v10/projects/prj_1/env": answer(201, failed),
    }
    outcome = vercel.apply(replace(SPARSE, base_url=serve(routed(table)).url), BACK, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert SECRET not in outcome.message


@pytest.mark.parametrize("status", [400, 402, 409, 429, 500])
def test_a_value_that_vercel_repeats_in_an_error_is_left_out(
    status: int, vercel: Vercel, serve: Serve, sending: Sending
) -> None:
    table = {
        "GET /v10/projects/prj_1/env": answer(200, {"envs": []}),
        f"GET /v3/env/pull/{BEFORE}": answer(200, {"env": {NAME: SECRET}}),
        "GET /v3/env/pull/prj_1/production": answer(200, {"env": {}}),
        "POST /v10/projects/prj_1/env": answer(status, {"error": {"message": f"bad value {SECRET}"}}),
    }
    outcome = vercel.apply(replace(SPARSE, base_url=serve(routed(table)).url), BACK, sending)
    assert SECRET not in repr(outcome)
    assert str(status) in outcome.message or status == 402


def test_what_differs_is_listed_and_what_cannot_be_read_is_said(
    vercel: Vercel, access: Access, account: accounts.Vercel, simulators: Simulators
) -> None:
    simulators.advance(60)
    put(account, SENSITIVE, "changed")
    result = vercel.examine(access, SAME)
    assert result.holds is False
    lines = [text for mark, text in result.readings if mark == "failed"]
    assert len(lines) == 2
    assert any("told by its time" in line for line in lines)


def test_a_check_that_cannot_be_read_holds_neither_way(vercel: Vercel, serve: Serve) -> None:
    server = serve(routed({}))
    assert vercel.examine(replace(SPARSE, base_url=server.url), SAME).holds is None
