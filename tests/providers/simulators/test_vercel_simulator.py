"""Vercel's own facts: accepted is not serving, one job at a time, the pin that a rollback leaves behind."""

import pytest

from apps.providers.simulation import Simulators
from tests.providers.simulators.accounts import BEFORE, LIVE, OLDER, Vercel


@pytest.fixture
def vercel(simulators: Simulators) -> Vercel:
    return Vercel(simulators)


def test_a_rollback_is_accepted_with_201_and_no_body_before_anything_has_moved(vercel: Vercel) -> None:
    answer = vercel.rollback(BEFORE)
    assert (answer.status, answer.body) == (201, b"")
    assert vercel.job()["jobStatus"] == "pending"
    assert vercel.live() == [LIVE, LIVE, LIVE]


def test_the_job_moves_one_address_after_the_other(vercel: Vercel, simulators: Simulators) -> None:
    vercel.rollback(BEFORE)
    simulators.advance(2.5)
    assert (vercel.job()["jobStatus"], vercel.live()) == ("in-progress", [BEFORE, LIVE, LIVE])
    simulators.advance(2)
    assert vercel.live() == [BEFORE, BEFORE, LIVE]
    simulators.advance(2)
    assert (vercel.job()["jobStatus"], vercel.live()) == ("succeeded", [BEFORE, BEFORE, BEFORE])
    job = vercel.job()
    assert (job["type"], job["fromDeploymentId"], job["toDeploymentId"]) == ("rollback", LIVE, BEFORE)


def test_the_job_is_told_only_to_those_who_ask_for_rollback_info(vercel: Vercel) -> None:
    vercel.rollback(BEFORE)
    assert "lastAliasRequest" not in vercel("GET", "/v9/projects/prj_portal").json()


@pytest.mark.parametrize("path", ["/v1", "/v9", "/v42", ""])
def test_any_version_of_an_address_is_served(vercel: Vercel, path: str) -> None:
    assert vercel("GET", f"{path}/projects/portal").json()["id"] == "prj_portal"


def test_a_second_rollback_during_a_job_is_409(vercel: Vercel) -> None:
    vercel.rollback(BEFORE)
    assert vercel.rollback(OLDER).status == 409


def test_rolling_back_to_what_is_live_is_409_or_skipped(vercel: Vercel, simulators: Simulators) -> None:
    assert vercel.rollback(LIVE).status == 409
    simulators.settings("vercel", repeat="skipped")
    assert vercel.rollback(LIVE).status == 201
    assert vercel.job()["jobStatus"] == "skipped"


@pytest.mark.parametrize(
    ("deployment", "status"),
    [("dpl_3Er8uFaP", 422), ("dpl_6Pv5wNyG", 422), ("dpl_unknown", 404), ("dpl_Pp1aZq7R", 404)],
)
def test_a_target_that_cannot_serve_is_refused_and_nothing_changes(
    vercel: Vercel, simulators: Simulators, deployment: str, status: int
) -> None:
    assert vercel.rollback(deployment).status == status
    assert vercel.job() is None
    assert simulators.effects("vercel") == []


def test_a_removed_deployment_is_410(vercel: Vercel, simulators: Simulators) -> None:
    simulators.do("vercel", "remove", deployment=BEFORE)
    assert vercel.rollback(BEFORE).status == 410
    assert vercel("GET", f"/v13/deployments/{BEFORE}").status == 410


def test_a_hobby_plan_goes_back_one_deployment_only(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", plan="hobby")
    refused = vercel.rollback(OLDER)
    assert refused.status == 402
    assert "upgrade to Pro" in refused.json()["error"]["message"]
    assert vercel.rollback(BEFORE).status == 201


def test_after_a_rollback_a_pushed_deployment_waits_until_somebody_promotes(
    vercel: Vercel, simulators: Simulators
) -> None:
    vercel.rollback(BEFORE)
    simulators.advance(7)
    pushed = simulators.do("vercel", "push", project="prj_portal", version="v2.31.1")
    assert pushed["substate"] == "STAGED"
    assert vercel.live() == [BEFORE, BEFORE, BEFORE]
    assert vercel("POST", f"/v10/projects/prj_portal/promote/{pushed['deployment']}").status == 201
    simulators.advance(7)
    assert vercel.live() == [pushed["deployment"]] * 3
    assert "rollbackDescription" not in vercel.project()
    following = simulators.do("vercel", "push", project="prj_portal", version="v2.31.2")
    assert vercel.live() == [following["deployment"]] * 3


def test_the_reason_of_a_rollback_is_kept_while_it_lasts(vercel: Vercel) -> None:
    vercel("POST", f"/v1/projects/prj_portal/rollback/{BEFORE}?description=INC-1%20share%20links")
    assert vercel.project()["rollbackDescription"]["description"] == "INC-1 share links"


def test_addresses_that_fail_are_listed_and_the_job_fails(vercel: Vercel, simulators: Simulators) -> None:
    failing = "share.motion-mavericks.example"
    simulators.settings("vercel", failing_aliases=[failing])
    vercel.rollback(BEFORE)
    simulators.advance(7)
    assert vercel.job()["jobStatus"] == "failed"
    assert vercel.live() == [BEFORE, LIVE, BEFORE]
    listed = vercel("GET", "/v9/projects/prj_portal/rollback/aliases?failedOnly=true").json()["aliases"]
    assert [item["alias"]["alias"] for item in listed] == [failing]


def test_a_job_may_never_end(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", job_ends=False)
    vercel.rollback(BEFORE)
    simulators.advance(3600)
    assert (vercel.job()["jobStatus"], vercel.live()) == ("in-progress", [BEFORE, BEFORE, LIVE])


def test_a_promotion_during_a_rolling_release_is_202_and_queued(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", rolling_release=True)
    assert vercel("POST", f"/v10/projects/prj_portal/promote/{BEFORE}").status == 202
    assert vercel.live() == [LIVE, LIVE, LIVE]


def test_the_list_is_filtered_and_paged(vercel: Vercel) -> None:
    first = vercel("GET", "/v6/deployments?projectId=prj_portal&rollbackCandidate=true&limit=2").json()
    assert [item["uid"] for item in first["deployments"]] == [BEFORE, OLDER]
    after = vercel("GET", f"/v6/deployments?projectId=prj_portal&limit=1&until={first['pagination']['next']}").json()
    assert after["deployments"][0]["uid"] == "dpl_5Bn1mXcD"
    failed = vercel("GET", "/v6/deployments?state=ERROR").json()["deployments"]
    assert [item["uid"] for item in failed] == ["dpl_3Er8uFaP"]


def test_an_address_is_taken_over_and_told_from_whom(vercel: Vercel) -> None:
    body = {"alias": "api.motion-mavericks.example"}
    taken = vercel("POST", f"/v2/deployments/{BEFORE}/aliases", body)
    assert (taken.status, taken.json()["oldDeploymentId"]) == (200, LIVE)
    assert vercel("POST", f"/v2/deployments/{BEFORE}/aliases", body).status == 409
    assert vercel.live() == [LIVE, LIVE, BEFORE]


def test_a_token_sees_its_own_team_only(simulators: Simulators) -> None:
    partpulse = Vercel(simulators, "vercel_simulated_partpulse")
    assert partpulse("GET", "/v9/projects/prj_portal").status == 404
    assert partpulse("GET", "/v9/projects/partpulse?teamId=team_motion").status == 403
    assert Vercel(simulators, "nonsense")("GET", "/v2/user").json()["error"]["invalidToken"] is True


def test_a_reading_token_may_not_move_production(vercel: Vercel, simulators: Simulators) -> None:
    simulators.settings("vercel", rights="read")
    assert vercel.rollback(BEFORE).status == 403
    assert vercel.job() is None


def test_a_variable_changes_nothing_that_is_live_and_sensitive_ones_stay_hidden(vercel: Vercel) -> None:
    made = vercel("POST", "/v10/projects/prj_portal/env", {"key": "A", "value": "1", "type": "sensitive"})
    assert made.status == 201
    again = vercel("POST", "/v10/projects/prj_portal/env", {"key": "A", "value": "2"})
    assert (again.status, again.json()["failed"][0]["error"]["code"]) == (201, "ENV_CONFLICT")
    listed = vercel("GET", "/v10/projects/prj_portal/env").json()["envs"]
    assert {variable["key"]: variable["value"] for variable in listed}["A"] == ""
