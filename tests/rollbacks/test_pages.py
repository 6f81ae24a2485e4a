"""What the pages of a rollback say, what they cost, and what they answer when something is missing or has changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Person
from apps.deployments import lifecycle as deployments
from apps.rollbacks import proposing, showing
from apps.rollbacks.happenings import SHOWN, of_run
from apps.rollbacks.models import Rollback
from apps.timeline.log import SYSTEM
from tests.accounts.conftest import sign_in
from tests.rollbacks.conftest import Stage

MOST_QUERIES = 34

SMALL = """
version: 1
slug: small-rollback
name: Small rollback
approvals: {all_of: [founder, client-success-lead], due_minutes: 5}
steps:
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
"""


def page_of(rollback: Rollback, tail: str = "") -> str:
    return f"/rollbacks/{rollback.pk}/{tail}"


def vote(browser: Client, rollback: Rollback, **given: Any) -> Any:
    """Press Approve, with everything ticked unless said otherwise."""
    wanted = {
        "decision": "approve",
        "plan_hash": rollback.plan_hash,
        "accepts": rollback.question.losses,
        "confirm": rollback.question.confirm,
    }
    return browser.post(page_of(rollback, "approval/"), {**wanted, **given})


@pytest.fixture
def planned(stage: Stage) -> Rollback:
    """A rollback that waits for two approvals."""
    return stage.propose()


def test_the_page_costs_few_queries_before_the_run_and_after_it(
    stage: Stage, planned: Rollback, django_assert_max_num_queries: Any
) -> None:
    browser = sign_in(stage.ava)
    browser.get(page_of(planned))
    with django_assert_max_num_queries(MOST_QUERIES):
        assert browser.get(page_of(planned)).status_code == 200
    stage.run(stage.approve(planned))
    assert planned.state != "awaiting_approval"
    with django_assert_max_num_queries(MOST_QUERIES):
        assert browser.get(page_of(planned)).status_code == 200
    with django_assert_max_num_queries(MOST_QUERIES):
        showing.fragments(str(planned.pk), "inside")


def test_more_steps_and_attempts_do_not_cost_more_queries(
    stage: Stage, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    small = stage.propose(SMALL)
    with django_assert_max_num_queries(MOST_QUERIES) as few:
        showing.fragments(str(small.pk), "inside")
    large = stage.propose()
    with django_assert_num_queries(len(few)):
        showing.fragments(str(large.pk), "inside")


def test_the_timeline_beside_a_run_is_short_and_tells_what_people_need(stage: Stage, planned: Rollback) -> None:
    done = stage.run(stage.approve(planned))
    assert done.state == "succeeded"
    context = showing.context(showing.told(done.pk))
    lines = of_run(showing.told(done.pk), context["plan"])
    said = " ".join(f"{line.actor} {line.text}" for line in lines)
    assert len(lines) <= SHOWN
    for wanted in ("Ava approved", "Cleo approved", "Step 2 is done", "is proven healthy", "pinned"):
        assert wanted in said
    assert "asking" not in said
    assert "proving that it took effect" not in said


def test_whoever_asked_reads_why_they_cannot_approve(stage: Stage, planned: Rollback) -> None:
    page = sign_in(stage.rae).get(page_of(planned)).content.decode()
    assert "You asked for this, so someone else must answer it." in page
    assert "Plan again" in page
    assert "data-approve" not in page
    assert vote(sign_in(stage.rae), planned).status_code == 403


def test_a_missing_tick_and_a_wrong_name_keep_what_was_filled_in(stage: Stage) -> None:
    stage.bad.losses = ["Share links made since then stop opening"]
    stage.bad.save()
    rollback = stage.propose()
    browser = sign_in(stage.ava)
    answer = vote(browser, rollback, accepts=[], note="Agencies are calling")
    assert answer.status_code == 422
    assert "Accept the named loss first" in answer.content.decode()
    assert "Agencies are calling" in answer.content.decode()
    answer = vote(browser, rollback, confirm="checkout")
    assert answer.status_code == 422
    assert "Type the service name, portal" in answer.content.decode()
    assert "checked" in answer.content.decode()
    assert rollback.question.votes.count() == 0


def test_rejecting_needs_a_word(stage: Stage, planned: Rollback) -> None:
    browser = sign_in(stage.ava)
    assert vote(browser, planned, decision="reject").status_code == 422
    assert vote(browser, planned, decision="reject", note="The flags alone are enough").status_code == 302
    planned.refresh_from_db()
    assert planned.state == "rejected"
    assert "The flags alone are enough" in browser.get(page_of(planned)).content.decode()


def test_a_plan_that_changed_answers_409_with_the_difference(stage: Stage, planned: Rollback) -> None:
    read = planned.plan_hash
    stage.publish(SMALL)
    wish, draft = proposing.prepare_again(planned, by=stage.rae)
    changed = draft.canonical.replace(b"Clear cached share links", b"Clear every share link")
    object.__setattr__(draft, "canonical", changed)
    proposing.plan_again(planned, wish, draft)
    answer = vote(sign_in(stage.ava), planned, plan_hash=read)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was approved" in page
    assert "Step 3 has changed" in page
    assert "Clear every share link" in page


def test_production_that_moved_answers_409_and_the_page_says_plan_again(stage: Stage, planned: Rollback) -> None:
    deployments.went_live(stage.environment, stage.good, by=SYSTEM, pinned=False)
    answer = vote(sign_in(stage.ava), planned)
    assert answer.status_code == 409
    assert "Live now is v2.30.4." in answer.content.decode()
    page = sign_in(stage.rae).get(page_of(planned)).content.decode()
    assert "Production has changed since this plan was made." in page


def test_one_vote_for_many_presses(stage: Stage, planned: Rollback) -> None:
    browser = sign_in(stage.ava)
    assert {vote(browser, planned).status_code for _ in range(3)} == {302}
    assert planned.question.votes.count() == 1


def test_a_step_that_needs_a_person_shows_what_the_provider_says_now(stage: Stage, planned: Rollback) -> None:
    stage.outside.do("vercel", "move", project="prj_portal", deployment=_older(stage))
    stuck = stage.run(stage.approve(planned))
    assert stuck.state == "needs_operator"
    browser = sign_in(stage.rae)
    page = browser.get(page_of(stuck, "steps/2/")).content.decode()
    assert "What Vercel says now" in page
    assert "not as wanted" in page
    assert "Nothing has been sent for this step." in page
    assert 'value="look" checked' in page
    outsider = sign_in(stage.mallory).get(page_of(stuck, "steps/2/"))
    assert outsider.status_code == 403


def test_a_choice_needs_a_reason_and_does_what_it_says(stage: Stage, planned: Rollback) -> None:
    stage.outside.do("vercel", "move", project="prj_portal", deployment=_older(stage))
    stuck = stage.run(stage.approve(planned))
    browser, address = sign_in(stage.rae), page_of(stuck, "steps/2/decision/")
    assert browser.post(address, {"choice": "look"})["Location"].endswith("/steps/2/")
    refused = browser.post(address, {"choice": "retry", "reason": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    refused = browser.post(address, {"choice": "adoption", "reason": "Moved by hand", "evidence": ""})
    assert "Say how you know" in refused.content.decode()
    assert "Moved by hand" in refused.content.decode()
    assert browser.post(address, {"choice": "cancellation", "reason": "Enough"}).status_code == 302
    stuck.refresh_from_db()
    assert stuck.state == "cancelling"


def test_a_reading_that_hangs_does_not_hold_up_the_page(
    stage: Stage, planned: Rollback, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.outside.do("vercel", "move", project="prj_portal", deployment=_older(stage))
    stuck = stage.run(stage.approve(planned))
    monkeypatch.setattr("apps.rollbacks.looking.ANSWER_WITHIN_SECONDS", 0.5)
    stage.outside.fault("hang_before", slug="vercel", reads=True, seconds=3, times=20)
    began = timezone.now()
    page = sign_in(stage.rae).get(page_of(stuck, "steps/2/")).content.decode()
    assert (timezone.now() - began).total_seconds() < 3
    assert "did not answer within" in page


def test_those_who_may_not_operate_read_why(stage: Stage, planned: Rollback) -> None:
    stage.outside.do("vercel", "move", project="prj_portal", deployment=_older(stage))
    stuck = stage.run(stage.approve(planned))
    page = sign_in(stage.ava).get(page_of(stuck, "steps/2/")).content.decode()
    assert "Not offered:" in page
    assert 'value="retry" disabled' in page


@pytest.mark.parametrize("who", ["mallory"])
def test_outsiders_see_no_rollback(stage: Stage, planned: Rollback, who: str) -> None:
    person: Person = getattr(stage, who)
    assert sign_in(person).get(page_of(planned)).status_code == 403


def _older(stage: Stage) -> str:
    known = stage.outside.describe()["vercel"]["objects"]["deployments"]
    return next(one["id"] for one in known if one["version"] == "v2.29.1")
