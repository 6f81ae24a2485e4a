"""Vercel: one address switched by hand, a deployment built again, and a promotion that only ends a pin."""

from dataclasses import replace
from typing import Any

import pytest

from apps.providers.base import Access, Call, OutcomeKind, Proof, Seen, Sending
from apps.providers.registry import provider
from apps.providers.simulation import Simulators
from apps.providers.vercel.provider import Vercel
from tests.providers.conftest import Connect, Serve
from tests.providers.raw import answer, routed

LIVE, BEFORE, OLDER = "dpl_7Qm2xVtR", "dpl_4Hc9nWbK", "dpl_9Gk4hVsJ"
ALIAS = "share.motion-mavericks.example"
SWITCH = Call("switch_alias", {"alias": ALIAS, "deployment": BEFORE})
BUILD = Call("redeploy", {"deployment": LIVE})
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


def test_a_switched_address_is_given_back_by_its_inverse(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    baseline = vercel.observe(access, SWITCH)
    outcome = vercel.apply(access, SWITCH, sending)
    assert (outcome.kind, outcome.evidence["was"]) == (OutcomeKind.SUCCEEDED, LIVE)
    assert vercel.verify(access, SWITCH, sending).proof is Proof.SATISFIED
    back = vercel.inverse_of(SWITCH, baseline)
    assert back == Call("switch_alias", {"alias": ALIAS, "deployment": LIVE})
    assert vercel.apply(access, back, sending).kind is OutcomeKind.SUCCEEDED
    assert vercel.live(access).reference == LIVE


def test_switching_one_address_leaves_the_others_and_pins_nothing(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    vercel.apply(access, SWITCH, sending)
    addresses = vercel.live(access).addresses
    assert {name for name, at in addresses.items() if at == BEFORE} == {ALIAS}
    assert vercel.pinned(access) is None
    pushed = simulators.do("vercel", "push", project="prj_portal", version="v2.31.1")
    assert vercel.observe(access, SWITCH).identity == {"serves": pushed["deployment"]}
    assert any("takes it back" in line for line in vercel.what_stays(SWITCH))


def test_a_new_address_serves_nobody_before_and_cannot_be_given_back(
    vercel: Vercel, access: Access, sending: Sending
) -> None:
    call = Call("switch_alias", {"alias": "blue.motion-mavericks.example", "deployment": BEFORE})
    baseline = vercel.observe(access, call)
    assert (baseline.seen, dict(baseline.identity)) == (Seen.OTHER, {"serves": "none"})
    assert vercel.inverse_of(call, baseline) is None
    assert vercel.apply(access, call, sending).kind is OutcomeKind.SUCCEEDED
    assert vercel.observe(access, call).seen is Seen.DESIRED


def test_an_address_that_is_there_already_is_settled_by_looking(
    vercel: Vercel, access: Access, sending: Sending
) -> None:
    call = Call("switch_alias", {"alias": ALIAS, "deployment": LIVE})
    assert vercel.apply(access, call, sending).kind is OutcomeKind.AMBIGUOUS
    assert vercel.observe(access, call).seen is Seen.DESIRED


@pytest.mark.parametrize(
    ("code", "status", "advice"),
    [
        ("cert_missing", 400, "issue one"),
        ("cert_expired", 400, "issue one"),
        ("alias_in_use", 403, "Another project"),
        ("deployment_not_ready", 400, "until the deployment is built"),
        ("gone", 410, "choose another"),
    ],
)
def test_each_refusal_of_an_address_says_what_to_do(
    code: str, status: int, advice: str, vercel: Vercel, serve: Serve, sending: Sending
) -> None:
    body = {"error": {"code": code, "message": "No."}}
    server = serve(routed({f"POST /v2/deployments/{BEFORE}/aliases": answer(status, body)}))
    outcome = vercel.apply(replace(SPARSE, base_url=server.url), SWITCH, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert advice in outcome.message
    assert "Nothing was changed" in outcome.message


def test_an_address_that_only_redirects_is_not_taken_for_a_deployment(vercel: Vercel, serve: Serve) -> None:
    body = {"uid": "als_1", "alias": ALIAS, "deploymentId": None, "redirect": "other.example"}
    server = serve(routed({f"GET /v4/aliases/{ALIAS}": answer(200, body)}))
    seen = vercel.observe(replace(SPARSE, base_url=server.url), SWITCH)
    assert (seen.seen, seen.identity["serves"]) == (Seen.OTHER, "redirect other.example")
    assert vercel.inverse_of(SWITCH, seen) is None


@pytest.mark.parametrize("alias", ["../x", "a b.example", "a.example/x", "a.example?b", ".."])
def test_a_name_that_is_no_host_is_not_sent(
    alias: str, vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = vercel.apply(access, Call("switch_alias", {"alias": alias, "deployment": BEFORE}), sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert simulators.journal("vercel") == []


def test_a_new_build_is_done_when_it_is_live_and_not_when_it_is_queued(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    outcome = vercel.apply(access, BUILD, sending)
    assert outcome.kind is OutcomeKind.SUCCEEDED
    made = outcome.evidence["deployment"]
    assert vercel.observe(access, BUILD, sending).seen is Seen.DESIRED
    assert vercel.verify(access, BUILD, sending).proof is Proof.NOT_YET
    simulators.advance(30)
    assert vercel.verify(access, BUILD, sending).proof is Proof.SATISFIED
    assert vercel.live(access).reference == made


def test_another_steps_build_is_not_taken_for_ours(vercel: Vercel, access: Access, sending: Sending) -> None:
    vercel.apply(access, BUILD, replace(sending, marker="rp-marker-2"))
    assert vercel.observe(access, BUILD, sending).seen is Seen.OTHER


def test_a_build_under_a_pin_is_said_to_be_staged_beforehand_and_afterwards(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    vercel.apply(access, Call("rollback", {"deployment": BEFORE}), sending)
    simulators.advance(30)
    assert "stays staged" in vercel.observe(access, BUILD, sending).summary
    vercel.apply(access, BUILD, sending)
    simulators.advance(30)
    verdict = vercel.verify(access, BUILD, sending)
    assert verdict.proof is Proof.VIOLATED
    assert "Promote it" in verdict.message


def test_a_build_that_fails_is_told_and_production_is_as_it_was(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    made = vercel.apply(access, BUILD, sending).evidence["deployment"]
    simulators.do("vercel", "fail_build", deployment=made)
    verdict = vercel.verify(access, BUILD, sending)
    assert verdict.proof is Proof.VIOLATED
    assert "production was not changed" in verdict.message
    assert vercel.live(access).reference == LIVE


@pytest.mark.parametrize(
    "trouble",
    [
        {"aliasError": {"code": "cert_missing", "message": "No certificate"}},
        {"checks": {"deploymentAlias": {"state": "failed"}}},
    ],
)
def test_a_build_whose_addresses_were_not_assigned_is_told(
    trouble: dict[str, Any], vercel: Vercel, serve: Serve, sending: Sending
) -> None:
    made = {"uid": "dpl_new", "readyState": "READY", "meta": {"rollbackPortalStep": sending.marker}, **trouble}
    source = {"id": LIVE, "name": "portal", "project": {"id": "prj_1", "name": "portal"}}
    table = {
        f"GET /v13/deployments/{LIVE}": answer(200, source),
        "GET /v6/deployments": answer(200, {"deployments": [made]}),
        "GET /v9/projects/prj_1": answer(200, {"id": "prj_1", "targets": {"production": {"id": LIVE}}}),
    }
    verdict = vercel.verify(replace(SPARSE, base_url=serve(routed(table)).url), BUILD, sending)
    assert verdict.proof is Proof.VIOLATED
    assert "were not assigned" in verdict.message


def test_a_deployment_of_another_project_is_not_built(vercel: Vercel, serve: Serve, sending: Sending) -> None:
    body: dict[str, Any] = {"id": LIVE, "name": "other", "project": {"id": "prj_2", "name": "other"}}
    server = serve(routed({f"GET /v13/deployments/{LIVE}": answer(200, body)}))
    outcome = vercel.apply(replace(SPARSE, base_url=server.url), BUILD, sending)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "another project" in outcome.message
    assert [request.method for request in server.requests] == ["GET"]


def test_the_plan_s_limit_is_named(vercel: Vercel, access: Access, sending: Sending, simulators: Simulators) -> None:
    simulators.fault("status", slug="vercel", status=402, body='{"error": {"message": "Limit of builds reached"}}')
    outcome = vercel.apply(access, BUILD, sending)
    assert (outcome.kind, outcome.status) == (OutcomeKind.REJECTED, 402)
    assert "plan does not allow" in outcome.message
    assert "Limit of builds reached" in outcome.message


def test_promoting_what_is_live_and_pinned_ends_the_pin(
    vercel: Vercel, access: Access, sending: Sending, simulators: Simulators
) -> None:
    vercel.apply(access, Call("rollback", {"deployment": OLDER}), sending)
    simulators.advance(30)
    unpin = Call("promote", {"deployment": OLDER})
    seen = vercel.observe(access, unpin)
    assert (seen.seen, dict(seen.identity)) == (Seen.OTHER, {"live": OLDER, "pinned": OLDER})
    assert vercel.apply(access, unpin, sending).kind is OutcomeKind.SUCCEEDED
    simulators.advance(30)
    assert vercel.observe(access, unpin).seen is Seen.DESIRED
    assert vercel.pinned(access) is None
    pushed = simulators.do("vercel", "push", project="prj_portal", version="v2.31.1")
    assert vercel.live(access).reference == pushed["deployment"]


def test_the_reason_of_a_rollback_tells_of_the_pin_where_no_job_is_told(vercel: Vercel, serve: Serve) -> None:
    project = {
        "id": "prj_1",
        "targets": {"production": {"id": OLDER}},
        "rollbackDescription": {"description": "INC-1", "createdAt": 1755090100000},
    }
    server = serve(routed({"GET /v9/projects/prj_1": answer(200, project)}))
    pinned = vercel.pinned(replace(SPARSE, base_url=server.url))
    assert pinned is not None
    assert (pinned.reference, pinned.reason) == (OLDER, "INC-1")
