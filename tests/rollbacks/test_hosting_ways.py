"""The other ways of hosting, carried out by the engine: blue-green, variables, maintenance that is always lifted."""

from __future__ import annotations

from typing import Any

from tests.providers.simulators.accounts import Vercel, site

HEAD = """
version: 1
slug: ways
name: Ways
approvals: {all_of: [founder, client-success-lead]}
steps:
"""
BLUE_GREEN = (
    HEAD
    + """
  - name: Switch the address to the previous version
    use: hosting.switch_alias
    with: {alias: api.motion-mavericks.example, deployment: "{target.reference}"}
  - {name: It answers, check: {path: /api/health, status: 200, within_seconds: 20}}
"""
)
PUT_BACK = """
  - name: Put the signing key back
    use: hosting.put_variable_back
    with: {variable: SHARE_SIGNING_KEY_ID, deployment: "{target.reference}"}
    on_failure: compensate
"""
BEHIND_THE_PAGE = (
    HEAD
    + """
  - {name: Maintenance on, use: hosting.maintenance_on, with: {page: /maintenance.html}, on_failure: compensate}
  - {name: Visitors are sent away, check: {path: /api/health, status: 307, within_seconds: 20}}
"""
    + PUT_BACK
    + """
  - name: The variables are those of before
    check: {use: hosting.variables_unchanged, with: {deployment: "{target.reference}"}, within_seconds: 20}
  - {name: Maintenance off, use: hosting.maintenance_off}
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
"""
)
KEY = "/v10/projects/prj_portal/env?target=production&decrypt=true"


def signing_key(outside: Any) -> str:
    envs = Vercel(outside)("GET", KEY).json()["envs"]
    return next(one["value"] for one in envs if one["key"] == "SHARE_SIGNING_KEY_ID")


def test_blue_green_is_done_when_the_public_address_answers_with_the_target(stage: Any) -> None:
    rollback = stage.run(stage.approve(stage.propose(BLUE_GREEN)))
    assert rollback.state == "succeeded", rollback.state_reason
    step = rollback.steps.get(position=1)
    assert any("answers" in line["text"] and stage.good.reference in line["text"] for line in step.proof)
    assert [effect["kind"] for effect in stage.outside.effects("vercel")] == ["alias"]


def test_a_value_is_put_back_behind_the_maintenance_page_which_is_lifted_again(stage: Any) -> None:
    rollback = stage.run(stage.approve(stage.propose(BEHIND_THE_PAGE)))
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    assert signing_key(stage.outside) == "1"
    assert site(stage.outside, "/api/health").status == 200
    assert [step.state for step in rollback.steps.order_by("position")] == ["succeeded"] * 6


def test_maintenance_is_lifted_when_a_later_step_fails(stage: Any) -> None:
    rollback = stage.approve(stage.propose(BEHIND_THE_PAGE))
    stage.outside.fault(kind="status", slug="vercel", path="/env/", status=422, times=9)
    assert stage.run(rollback).state == "failed"
    assert rollback.steps.get(position=1).compensated
    assert site(stage.outside, "/share/errors").status == 200
    assert signing_key(stage.outside) == "2"
