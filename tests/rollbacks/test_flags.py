"""Several flags in one step: a result for each on the page, the earlier state put back, approvals said plainly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts.conftest import sign_in
from tests.providers.factories import ConnectionFactory
from tests.providers.simulators.accounts import LaunchDarkly
from tests.rollbacks.conftest import Stage

FLAGS = ["new-share-links", "share-signing-v2"]
STEP = '{name: Turn off the flags of the release, use: flags.flags_off, with: {flags: "{release.flags}"}'
FLAGS_ONLY = f"""
version: 1
slug: flags-only
name: Flags only
approvals: {{all_of: [founder, client-success-lead]}}
steps:
  - {STEP}}}
"""
PUT_BACK = """
version: 1
slug: flags-back
name: Flags, and back
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Turn off the flags, use: flags.flags_off, with: {flags: [new-share-links, share-signing-v2, milestone-drag]}}
  - name: The impossible
    check: {path: /api/health, status: 299, within_seconds: 1}
    on_failure: compensate
"""
OWN_FLAGS = """
version: 1
slug: own-flags
name: Flags of one's own
approvals: {all_of: [founder, client-success-lead]}
steps:
  - name: Turn off what was released
    use: cache.set
    with:
      method: PATCH
      path: /admin/feature-flags
      json: {splitViewLayout: {enabled: false}, aiSummarization: {enabled: false}}
      success: {status: 200}
      observed:
        path: /admin/feature-flags
        json: {splitViewLayout: {enabled: false}, aiSummarization: {enabled: false}}
"""


def test_flags_alone_leave_the_release_that_is_live(stage: Stage) -> None:
    before = stage.environment.live
    rollback = stage.run(stage.approve(stage.propose(FLAGS_ONLY)))
    assert rollback.state == "succeeded"
    stage.environment.refresh_from_db()
    assert stage.environment.live == before
    assert not stage.environment.pins.filter(lifted_at=None).exists(), "new releases still go live"


def shown(stage: Stage, rollback: Any) -> str:
    """Return the rollback's page as somebody who may approve sees it."""
    return sign_in(stage.ava).get(f"/rollbacks/{rollback.pk}/").content.decode()


def comments(stage: Stage) -> list[str]:
    """Return what LaunchDarkly's audit log was told about each change."""
    return [entry["comment"] for entry in stage.outside.state("launchdarkly")["audit"]]


def test_every_flag_of_a_step_has_its_own_change_with_the_incident_in_its_comment(stage: Stage) -> None:
    done = stage.run(stage.approve(stage.propose(FLAGS_ONLY)))
    assert done.state == "succeeded"
    assert [(one["flag"], one["on"]) for one in stage.outside.effects("launchdarkly")] == [(f, False) for f in FLAGS]
    assert all(stage.incident.reference in comment for comment in comments(stage))
    assert len(comments(stage)) == len(FLAGS)
    page = shown(stage, done)
    for flag in FLAGS:
        assert f"In production: {flag} is off." in page
    assert [attempt.part for attempt in done.steps.get().attempts.order_by("sent_at")] == FLAGS


@pytest.mark.parametrize("asked_before", [False, True])
def test_an_environment_that_wants_approvals_is_said_plainly_and_waits_for_a_person(
    stage: Stage, asked_before: bool
) -> None:
    stage.outside.settings("launchdarkly", requires_approval=True)
    if asked_before:
        requests = f"/projects/portal/flags/{FLAGS[0]}/environments/production/approval-requests"
        wanted = {"description": "INC-1", "instructions": [{"kind": "turnFlagOff"}]}
        assert LaunchDarkly(stage.outside)("POST", requests, wanted).status == 201
    run = stage.run(stage.approve(stage.propose(FLAGS_ONLY)))
    assert run.state == "needs_operator"
    assert {one["kind"] for one in stage.outside.effects("launchdarkly")} <= {"ask_approval"}
    page = shown(stage, run)
    for words in ("LaunchDarkly wants an approval for changes in production", "was not changed", "adopt this step"):
        assert words in page
    assert ("waits there for a review" in page) is asked_before
    assert ("No approval request for it is open" in page) is not asked_before


def test_a_flag_that_is_refused_does_not_hide_the_one_that_was_turned(stage: Stage) -> None:
    planned = stage.approve(stage.propose(FLAGS_ONLY))
    stage.outside.fault("status", slug="launchdarkly", status=422, path=FLAGS[1], times=9)
    run = stage.run(planned)
    assert run.state == "failed"
    assert [(a.part, a.state) for a in run.steps.get().attempts.order_by("sent_at")] == [
        (FLAGS[0], "succeeded"),
        (FLAGS[1], "rejected"),
    ]
    page = shown(stage, run)
    assert f"LaunchDarkly turned {FLAGS[0]} off in production." in page
    assert f"asked to turn {FLAGS[1]} off" in page
    assert f"{FLAGS[1]} was not changed" in page
    assert "a part of a step was changed" in page
    assert "nothing has been changed" not in page.lower()


def test_what_was_turned_off_is_put_back_as_it_was_and_nothing_else(stage: Stage) -> None:
    ended = stage.run(stage.approve(stage.propose(PUT_BACK)))
    assert ended.state == "failed"
    turned = [(one["flag"], one["on"]) for one in stage.outside.effects("launchdarkly")]
    assert turned[:2] == [(flag, False) for flag in FLAGS]
    assert sorted(turned[2:]) == sorted((flag, True) for flag in FLAGS)
    after = stage.outside.do("launchdarkly", "look", organisation="motion-mavericks")
    assert (after["new-share-links"], after["share-signing-v2"], after["milestone-drag"]) == (True, True, False)


@pytest.mark.parametrize("fault", ["", "reset_after", "reset_before", "status_after", "html"])
def test_flags_of_ones_own_go_off_once_whatever_becomes_of_the_answer(stage: Stage, fault: str) -> None:
    use = stage.environment.connections.get(role="cache")
    use.connection = ConnectionFactory(organisation=stage.organisation, simulators=stage.outside, provider="http")
    use.save()
    approved = stage.approve(stage.propose(OWN_FLAGS))
    if fault:
        stage.outside.fault(fault, slug="http")
    done = stage.run(approved)
    assert done.state == "succeeded"
    assert stage.outside.effects("http") == [
        {"kind": "flags", "set": {"splitViewLayout": False, "aiSummarization": False}}
    ]
    page = shown(stage, done)
    assert "/admin/feature-flags is as declared." in page
    assert "admin-simulated-motion-mavericks" not in page
