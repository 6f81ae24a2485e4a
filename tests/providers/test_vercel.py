"""Vercel: accepted is not moved, a conflict is no refusal, and a sparse endpoint still tells what is live."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from apps.providers.vercel.provider import Vercel
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, in_turn, routed

LIVE, TARGET = "dpl_7Qm2xVtR", "dpl_9Gk4hVsJ"
BACK = Call("rollback", {"deployment": TARGET})
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


def test_one_post_with_the_reason_and_the_team_is_all_that_is_sent(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators, log: list[str]
) -> None:
    long = replace(sending, reason="Because of INC-1. " + "x" * 400)
    assert vercel.apply(access, BACK, long).kind is OutcomeKind.SUCCEEDED
    changes = [line for line in log if line.startswith("→")]
    assert changes == [
        f"→ POST /vercel/v1/projects/prj_portal/rollback/{TARGET}?description=Because%20of%20INC-1.%20"
        + "x" * 232
        + "&teamId=team_motion"
    ]
    assert len(simulators.journal("vercel")) == 1


def test_accepted_is_not_yet_moved(vercel: Vercel, access: Access, sending: Sending, simulators: Simulators) -> None:
    baseline = vercel.observe(access, BACK)
    vercel.apply(access, BACK, sending)
    seen = vercel.observe(access, BACK)
    assert (seen.seen, seen.under_way) == (Seen.OTHER, True)
    assert seen.identity != baseline.identity, "a job under way must never look like “not applied”"
    assert vercel.verify(access, BACK, sending).proof is Proof.NOT_YET
    simulators.advance(30)
    verdict = vercel.verify(access, BACK, sending)
    assert verdict.proof is Proof.SATISFIED
    assert {mark for mark, _ in verdict.readings} == {"done"}
    assert len(verdict.readings) == len(simulators.describe()["vercel"]["objects"]["aliases"])
    assert vercel.observe(access, BACK).identity == {"live": TARGET}


def test_somebody_elses_job_is_drift(vercel: Vercel, access: Access, sending: Sending) -> None:
    baseline = vercel.observe(access, BACK)
    vercel.apply(access, Call("rollback", {"deployment": "dpl_5Bn1mXcD"}), sending)
    seen = vercel.observe(access, BACK)
    assert (seen.seen, seen.under_way) == (Seen.OTHER, False)
    assert seen.identity != baseline.identity


def test_production_moved_by_hand_is_drift(vercel: Vercel, access: Access, simulators: Simulators) -> None:
    baseline = vercel.observe(access, BACK)
    simulators.do("vercel", "move", project="prj_portal", deployment="dpl_5Bn1mXcD")
    assert vercel.observe(access, BACK).identity == {"live": "dpl_5Bn1mXcD"} != baseline.identity


@pytest.mark.parametrize("repeat", ["conflict", "skipped"])
def test_asking_for_what_is_live_is_settled_by_looking(
    repeat: str, vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("vercel", repeat=repeat)
    vercel.apply(access, BACK, sending)
    simulators.advance(30)
    outcome = vercel.apply(access, BACK, sending)
    assert outcome.kind is (OutcomeKind.AMBIGUOUS if repeat == "conflict" else OutcomeKind.SUCCEEDED)
    simulators.advance(30)
    assert vercel.observe(access, BACK).seen is Seen.DESIRED
    assert vercel.verify(access, BACK, sending).proof is Proof.SATISFIED


def test_a_job_that_fails_names_the_addresses_that_stayed(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    name = next(iter(simulators.describe()["vercel"]["objects"]["aliases"]))
    simulators.settings("vercel", failing_aliases=[name])
    vercel.apply(access, BACK, sending)
    simulators.advance(30)
    verdict = vercel.verify(access, BACK, sending)
    assert verdict.proof is Proof.VIOLATED
    assert name in verdict.message
    assert ("failed", f"{name} → {LIVE}") in verdict.readings
    assert vercel.observe(access, BACK).identity["live"].startswith("mixed: ")


def test_a_job_that_never_ends_stays_not_yet(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("vercel", job_ends=False)
    vercel.apply(access, BACK, sending)
    assert vercel.verify(access, BACK, sending).proof is Proof.NOT_YET


def test_the_hobby_plan_says_so_beforehand_and_afterwards(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("vercel", plan="hobby")
    assert "plan" in {finding.code for finding in vercel.check(access) if finding.level == "warning"}
    outcome = vercel.apply(access, Call("rollback", {"deployment": "dpl_2Fj6yKpS"}), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "plan" in outcome.message
    assert "Nothing was changed" in outcome.message


def test_a_deleted_deployment_is_refused(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.do("vercel", "remove", deployment=TARGET)
    assert vercel.apply(access, BACK, sending).kind is OutcomeKind.REJECTED


def test_a_token_that_may_only_read_is_refused(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    simulators.settings("vercel", rights="read")
    outcome = vercel.apply(access, BACK, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "rights" in outcome.message


def test_production_is_pinned_after_a_rollback_and_free_after_a_promotion(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    assert vercel.pinned(access) is None
    baseline = vercel.observe(access, BACK)
    vercel.apply(access, BACK, sending)
    simulators.advance(30)
    pinned = vercel.pinned(access)
    assert pinned is not None
    assert (pinned.reference, pinned.reason) == (TARGET, sending.reason)
    assert "pinned" in {finding.code for finding in vercel.check(access) if finding.level == "warning"}
    undo = vercel.inverse_of(BACK, baseline)
    assert undo == Call("promote", {"deployment": LIVE})
    assert vercel.apply(access, undo, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(30)
    assert vercel.pinned(access) is None
    assert vercel.live(access).reference == LIVE


def test_there_is_nothing_to_put_back_where_nothing_certain_was_live(vercel: Vercel, access: Access) -> None:
    seen = vercel.observe(access, BACK)
    for live in ("", "mixed: a, b", "moving to x", TARGET):
        assert vercel.inverse_of(BACK, replace(seen, identity={"live": live})) is None


def test_deployments_are_listed_newest_first_with_what_people_need(vercel: Vercel, access: Access) -> None:
    found = vercel.deployments(access)
    assert found[0].created_at > found[-1].created_at  # type: ignore[operator]
    by_id = {one.reference: one for one in found}
    assert by_id[TARGET].served_production
    assert by_id[TARGET].commit
    assert not by_id["dpl_6Pv5wNyG"].served_production if "dpl_6Pv5wNyG" in by_id else True
    assert "dpl_3Er8uFaP" not in by_id, "a failed build cannot be gone back to"


@pytest.mark.parametrize("mark", ["deleted", "softDeletedByRetention"])
def test_a_deployment_that_is_listed_but_gone_is_no_target(mark: str, vercel: Vercel, serve: Serve) -> None:
    rows = [{"uid": "dpl_1", "state": "READY", "created": 1}, {"uid": "dpl_2", "state": "READY", mark: True}]
    server = serve(routed({"GET /v6/deployments": answer(200, {"deployments": rows})}))
    assert [one.reference for one in vercel.deployments(replace(SPARSE, base_url=server.url))] == ["dpl_1"]


def test_the_page_at_vercel_is_named_for_the_real_service_only(vercel: Vercel, access: Access) -> None:
    assert vercel.link(access, BACK) == ""
    assert vercel.link(SPARSE, BACK).endswith("%5Bproject%5D%2Fdeployments")
    assert vercel.link(SPARSE, Call("put_variable_back", {})).endswith("settings/environment-variables")


PROJECT = "GET /v9/projects/prj_1"
JOB = {"type": "rollback", "toDeploymentId": TARGET, "requestedAt": 1}


@pytest.mark.parametrize(
    ("job", "moving"),
    [
        (None, True),
        ({**JOB, "jobStatus": "succeeded"}, True),
        ({**JOB, "jobStatus": "failed"}, False),
        ({**JOB, "jobStatus": "succeeded", "toDeploymentId": "dpl_other"}, False),
    ],
)
def test_addresses_that_follow_one_by_one_are_under_way_unless_the_job_says_otherwise(
    job: Any, moving: bool, vercel: Vercel, serve: Serve, sending: Sending
) -> None:
    aliases = [
        {"domain": name, "target": "PRODUCTION", "deployment": {"id": reference}}
        for name, reference in (("a.example", TARGET), ("b.example", LIVE))
    ]
    body = {"alias": aliases, "lastAliasRequest": job}
    here = replace(SPARSE, base_url=serve(routed({PROJECT: answer(200, body)})).url)
    seen = vercel.observe(here, BACK)
    assert (seen.seen, seen.under_way) == (Seen.OTHER, moving)
    failed = bool(job) and job["jobStatus"] == "failed"
    assert vercel.verify(here, BACK, sending).proof is (Proof.VIOLATED if failed else Proof.NOT_YET)


@pytest.mark.parametrize(
    ("pages", "source"),
    [
        (
            {PROJECT: {"alias": [{"domain": "a", "environment": "production", "deployment": {"id": "dpl_1"}}]}},
            "addresses",
        ),
        (
            {
                PROJECT: {
                    "targets": {"production": {"id": "dpl_1"}},
                    "alias": [
                        {"domain": "a", "target": "PREVIEW", "deployment": {"id": "dpl_2"}},
                        {"domain": "b", "target": "PRODUCTION", "redirect": "a", "deployment": {"id": "dpl_3"}},
                        {"domain": "c", "target": "PRODUCTION", "deployment": None},
                    ],
                }
            },
            "target",
        ),
        (
            {PROJECT: {"lastAliasRequest": {"jobStatus": "succeeded", "toDeploymentId": "dpl_1", "type": "promote"}}},
            "request",
        ),
        (
            {PROJECT: {}, "GET /projects/prj_1/production-deployment": {"deployment": {"id": "dpl_1"}}},
            "production deployment",
        ),
        (
            {
                PROJECT: {"alias": None, "targets": None, "lastAliasRequest": None},
                "GET /v6/deployments": {
                    "deployments": [
                        {"uid": "dpl_0", "created": 1, "state": "READY", "readySubstate": "PROMOTED"},
                        {"uid": "dpl_1", "created": 3, "state": "READY", "readySubstate": "PROMOTED"},
                        {"uid": "dpl_2", "created": 4, "state": "READY", "readySubstate": "STAGED"},
                        {"uid": "dpl_3", "created": 5, "state": "ERROR"},
                    ]
                },
            },
            "newest",
        ),
        (
            {PROJECT: {}, "GET /v7/deployments": {"deployments": [{"uid": "dpl_1", "readyState": "READY"}]}},
            "newest",
        ),
    ],
)
def test_a_sparse_endpoint_still_tells_what_is_live(
    pages: dict[str, Any], source: str, vercel: Vercel, serve: Serve
) -> None:
    server = serve(routed({page: answer(200, body) for page, body in pages.items()}))
    live = vercel.live(replace(SPARSE, base_url=server.url))
    assert live.reference == "dpl_1"
    assert source in live.source


@pytest.mark.parametrize(
    "body", [{}, [], None, "text", {"alias": "odd", "targets": [], "lastAliasRequest": 7}, {"alias": [None, 3]}]
)
def test_odd_bodies_are_unreadable_and_nothing_worse(body: Any, vercel: Vercel, serve: Serve, sending: Sending) -> None:
    here = replace(SPARSE, base_url=serve(routed({PROJECT: answer(200, body)})).url)
    assert vercel.observe(here, BACK).seen is Seen.UNREADABLE
    assert vercel.verify(here, BACK, sending).proof is Proof.NOT_YET
    assert vercel.check(here)


def test_a_minimal_endpoint_carries_a_whole_rollback(vercel: Vercel, serve: Serve, sending: Sending) -> None:
    def project(live: str) -> Any:
        return answer(200, {"id": "prj_1", "targets": {"production": {"id": live}}})

    server = serve(
        routed(
            {
                PROJECT: in_turn(project(LIVE), project(LIVE), project(TARGET)),
                f"POST /v1/projects/prj_1/rollback/{TARGET}": answer(201),
            }
        )
    )
    here = replace(SPARSE, base_url=server.url)
    assert vercel.observe(here, BACK).identity == {"live": LIVE}
    assert vercel.apply(here, BACK, sending).kind is OutcomeKind.SUCCEEDED
    assert vercel.verify(here, BACK, sending).proof is Proof.NOT_YET
    assert vercel.verify(here, BACK, sending).proof is Proof.SATISFIED
    assert [request.method for request in server.requests].count("POST") == 1


@pytest.mark.parametrize("deployment", ["../x", "dpl/1", "dpl_1?a", "", "..", "dpl 1", "x" * 65, "dpl_1#", "döner"])
def test_an_id_that_could_leave_its_place_in_the_path_is_not_sent(
    deployment: str, vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = vercel.apply(access, Call("rollback", {"deployment": deployment}), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "Nothing was sent" in outcome.message
    assert simulators.journal("vercel") == []
