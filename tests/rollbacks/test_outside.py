"""What the run does when the outside misbehaves: never twice, never hidden, never stuck."""

from __future__ import annotations

from typing import Any

import pytest

from apps.approvals import asking
from apps.deployments import freezing, lifting
from apps.rollbacks import engine, lifecycle, operating
from apps.rollbacks.models import Attempt, Rollback
from apps.timeline.log import SYSTEM
from tests.accounts.factories import PersonFactory

ONLY_HOSTING = """
version: 1
slug: only-hosting
name: Only hosting
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
"""


def moves(stage: Any) -> list[Any]:
    return [entry for entry in stage.outside.journal("vercel") if entry["effects"]]


def attempts(rollback: Rollback) -> list[str]:
    return list(Attempt.objects.filter(rollback=rollback).order_by("number").values_list("state", flat=True))


@pytest.mark.parametrize(
    ("fault", "ends"),
    [
        ({"kind": "status", "status": 429, "retry_after": 1}, ["rejected", "succeeded"]),
        ({"kind": "status", "status": 500}, ["reconciled_not_applied", "succeeded"]),
        ({"kind": "status_after", "status": 500}, ["reconciled_applied"]),
        ({"kind": "reset_before"}, ["reconciled_not_applied", "succeeded"]),
        ({"kind": "reset_after"}, ["reconciled_applied"]),
        ({"kind": "html"}, None),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else "",
)
def test_trouble_with_one_request_ends_in_exactly_one_effect(stage: Any, fault: dict[str, Any], ends: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.outside.fault(slug="vercel", **fault)
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded", [(s.state, s.message) for s in rollback.steps.all()]
    assert len(moves(stage)) == 1
    if ends:
        assert attempts(rollback) == ends


def test_a_definite_refusal_fails_the_run_and_says_that_nothing_changed(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.outside.fault(kind="status", slug="vercel", status=422, times=9)
    rollback = stage.run(rollback)
    assert rollback.state == "failed"
    assert moves(stage) == []
    assert attempts(rollback) == ["rejected"]
    assert "Applied: nothing" in rollback.reason
    assert rollback.finished_at


def test_drift_between_plan_and_step_asks_a_person_and_sends_nothing(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    about = stage.outside.describe()["vercel"]["objects"]["deployments"]
    other = next(one["id"] for one in about if one["version"] == "v2.30.3")
    stage.outside.do("vercel", "move", project="prj_portal", deployment=other)
    stage.outside.advance(30)
    rollback = stage.run(rollback)
    assert rollback.state == "needs_operator", rollback.state
    assert "not what the plan was made for" in rollback.reason
    assert [entry for entry in stage.outside.journal("vercel") if entry["method"] == "POST"] == []


def test_what_is_already_so_is_not_sent(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.outside.do("vercel", "move", project="prj_portal", deployment=stage.good.reference)
    stage.outside.advance(30)
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded"
    assert attempts(rollback) == []


def test_a_freeze_holds_the_run_and_lifting_lets_it_go_on(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    freeze = freezing.freeze(
        stage.organisation, by=SYSTEM, stops="rollbacks", scope="organisation", reason="Wait for legal"
    )
    engine.advance(rollback.pk)
    rollback.refresh_from_db()
    assert rollback.state == "running"
    assert attempts(rollback) == []
    lifting.lift(freeze, by=SYSTEM)
    assert stage.run(rollback).state == "succeeded"
    assert len(moves(stage)) == 1


def test_pause_and_resume_and_cancel(stage: Any) -> None:
    rollback = stage.approve(stage.propose())
    lifecycle.pause(rollback, by=stage.rae, reason="Look first")
    rollback = stage.run(rollback)
    assert rollback.state == "paused"
    assert stage.outside.effects() == []
    lifecycle.resume(rollback, by=stage.rae, reason="Go on")
    rollback = stage.run(rollback, until=lambda run: run.steps.get(position=1).state == "succeeded")
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    rollback = stage.run(rollback)
    assert rollback.state == "cancelled"
    assert rollback.reason.startswith("The fix is out. Applied: 1")
    assert "Not applied: " in rollback.reason


def test_a_step_nobody_can_clear_up_is_retried_skipped_or_adopted_by_people(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.outside.fault(kind="status", slug="vercel", status=429, retry_after=1, times=5)
    rollback = stage.run(rollback, seconds=90)
    assert rollback.state == "needs_operator"
    assert len(attempts(rollback)) == 5
    operating.retry(rollback, 1, by=stage.rae, reason="Vercel is back")
    assert stage.run(rollback).state == "succeeded"
    assert len(moves(stage)) == 1


def test_adoption_needs_a_second_person_and_is_recorded_as_their_word(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    stage.outside.fault(kind="status", slug="vercel", status=429, retry_after=1, times=5)
    rollback = stage.run(rollback, seconds=90)
    second = PersonFactory(organisation=stage.organisation, name="Second", roles=["technical-lead"])
    question = operating.ask_to_adopt(rollback, 1, by=stage.rae, reason="Done by hand", evidence="dashboard says so")
    rollback.refresh_from_db()
    assert rollback.state == "needs_operator"
    asking.vote(question, by=second, decision="approve", content_hash=question.content_hash)
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded"
    assert rollback.steps.get(position=1).message.startswith("Taken as done on people's word")


def test_a_connection_that_can_no_longer_be_opened_asks_a_person_and_goes_on_once_repaired(stage: Any) -> None:
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    connection_row = stage.environment.connections.get(role="hosting").connection
    sealed = connection_row.sealed_credentials
    type(connection_row).objects.filter(pk=connection_row.pk).update(sealed_credentials="gAAAAAbroken")
    rollback = stage.run(rollback)
    assert rollback.state == "needs_operator"
    assert "could not go on by itself" in rollback.reason
    type(connection_row).objects.filter(pk=connection_row.pk).update(sealed_credentials=sealed)
    operating.retry(rollback, 1, by=stage.rae, reason="Key is back")
    assert stage.run(rollback).state == "succeeded"
    assert len(moves(stage)) == 1
