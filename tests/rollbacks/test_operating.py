"""What people decide about a step: who must agree, what is taken back when it goes on otherwise, what is told."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question
from apps.deployments.models import EnvironmentConnection
from apps.providers.calling import READ_TRIES
from apps.rollbacks import engine, lifecycle, looking, operating, withdrawing
from apps.rollbacks.models import Attempt, Rollback
from apps.rollbacks.standing import Flight, Standing, ranges, standing_of
from apps.timeline.answers import Forbidden, Refused
from apps.timeline.log import SYSTEM
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in
from tests.providers.factories import ConnectionFactory
from tests.rollbacks.conftest import ONLY_HOSTING, Stage, move_to

WITH_A_PERSON = """
version: 1
slug: with-a-person
name: With a person
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Turn off the flags of the release, use: flags.flags_off, with: {flags: "{release.flags}"}}
  - {name: Look at the share page, human: "Open a share link and say what you see."}
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
  - {name: The portal answers, check: {path: /api/health, status: 200, within_seconds: 60}}
"""
UNSEEN = """
version: 1
slug: unseen
name: Unseen
approvals: {all_of: [founder, client-success-lead]}
steps:
  - name: Tell the old system
    use: code.request
    with: {method: POST, path: /api/chat.postMessage, json: {channel: "#incidents", text: Back to the old one}}
"""
PAGED = """
version: 1
slug: paged
name: Paged
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Call the second line, use: paging.trigger, with: {summary: Rolled back}}
"""


@pytest.fixture
def unseen(stage: Stage) -> Rollback:
    """A run whose only step got no answer, and nobody can see whether it worked."""
    about = stage.outside.describe()["slack"]["credentials"]
    hook = ConnectionFactory(
        organisation=stage.organisation, provider="http", base_url=stage.outside.address("slack"), settings={},
        credentials={"headers": {"Authorization": f"Bearer {about['bot_token']}"}},
    )  # fmt: skip
    EnvironmentConnection.objects.create(
        organisation=stage.organisation, environment=stage.environment, role="code", connection=hook
    )
    rollback = stage.approve(stage.propose(UNSEEN))
    stage.outside.fault(kind="reset_after", slug="slack")
    rollback = stage.run(rollback)
    assert rollback.state == "needs_operator"
    return rollback


def agree(question: Question, person: Person) -> None:
    asking.vote(question, by=person, decision="approve", content_hash=question.content_hash)


def posted(stage: Stage) -> int:
    return len([entry for entry in stage.outside.journal("slack") if entry["effects"]])


def test_an_unseen_call_is_sent_again_only_when_two_people_say_so(
    stage: Stage, unseen: Rollback, second: Person
) -> None:
    assert posted(stage) == 1
    question = operating.retry(unseen, 1, by=stage.rae, reason="The old system did not switch")
    assert isinstance(question, Question)
    engine.advance(unseen.pk)
    unseen.refresh_from_db()
    assert (unseen.state, posted(stage)) == ("needs_operator", 1)
    with pytest.raises(Forbidden, match="You asked for this"):
        agree(question, stage.rae)
    agree(question, second)
    assert stage.run(unseen).state == "succeeded"
    assert posted(stage) == 2
    assert Event.objects.filter(kind="rollback.repeat_agreed", subject_id=str(unseen.pk)).count() == 1


def test_trying_again_takes_back_what_was_asked_about_the_step(stage: Stage, stuck: Rollback) -> None:
    question = operating.ask_to_skip(stuck, 1, by=stage.rae, reason="Done by hand")
    assert question in asking.waiting_for(stage.ava)
    move_to(stage, "v2.31.0")
    operating.retry(stuck, 1, by=stage.rae, reason="It is back where the plan found it")
    question.refresh_from_db()
    assert question.state == "void"
    assert asking.waiting_for(stage.ava) == []
    with pytest.raises(Refused, match="already withdrawn"):
        agree(question, stage.ava)
    assert stage.run(stuck).state == "succeeded"


def test_cancelling_takes_back_what_was_asked_about_steps(stage: Stage, stuck: Rollback, second: Person) -> None:
    question = operating.ask_to_adopt(stuck, 1, by=stage.rae, reason="Moved by hand", evidence="The dashboard")
    assert question in asking.waiting_for(second)
    lifecycle.cancel(stuck, by=stage.rae, reason="The fix is out")
    assert asking.waiting_for(second) == []
    assert stage.run(stuck).state == "cancelled"
    withdrawn = Event.objects.get(kind="question.voided", subject_id=str(question.pk))
    assert f"{stuck.reference} is cancelled" in withdrawn.text


def test_a_run_that_ends_by_itself_takes_its_questions_back(stage: Stage) -> None:
    rollback = stage.approve(stage.propose())
    question = operating.ask_to_skip(rollback, 3, by=stage.rae, reason="The cache is empty anyway")
    assert withdrawing.withdraw_settled() == 0
    assert stage.run(rollback).state == "succeeded"
    with pytest.raises(Refused, match="succeeded already"):
        agree_all(stage, question)
    assert withdrawing.withdraw_settled() == 1
    question.refresh_from_db()
    assert question.state == "void"


def agree_all(stage: Stage, question: Question) -> None:
    for person in (stage.ava, stage.cleo):
        agree(question, person)


def test_what_was_asked_already_is_not_asked_twice(stage: Stage, stuck: Rollback) -> None:
    first = operating.ask_to_skip(stuck, 1, by=stage.rae, reason="Done by hand")
    page = sign_in(stage.rae).get(f"/rollbacks/{stuck.pk}/steps/1/").content.decode()
    assert "takes the question back" in page
    assert f"/approvals/{first.pk}/" in page
    with pytest.raises(Refused, match="Rae has asked for this already") as caught:
        operating.ask_to_skip(stuck, 1, by=stage.rae, reason="Done by hand")
    assert caught.value.extra["approval"] == str(first.pk)


def test_nobody_is_asked_where_nobody_else_may_agree(stage: Stage, stuck: Rollback) -> None:
    with pytest.raises(Refused, match="Nobody else here may agree"):
        operating.ask_to_adopt(stuck, 1, by=stage.rae, reason="Moved by hand", evidence="The dashboard")
    assert Question.objects.filter(kind="rollback.adopt").count() == 0


def test_a_vote_of_somebody_who_has_lost_the_role_since_does_not_count(stage: Stage, stuck: Rollback) -> None:
    question = operating.ask_to_skip(stuck, 1, by=stage.rae, reason="Done by hand")
    agree(question, stage.ava)
    stage.ava.holdings.all().delete()
    with pytest.raises(Refused, match="no longer counts"):
        agree(question, stage.cleo)
    stuck.refresh_from_db()
    assert stuck.state == "needs_operator"
    assert question.votes.count() == 1


def test_adopting_keeps_reason_evidence_and_what_the_portal_read(stage: Stage, stuck: Rollback, second: Person) -> None:
    seen = looking.snapshot(stuck, stuck.steps.get(position=1))
    question = operating.ask_to_adopt(stuck, 1, by=stage.rae, reason="Moved by hand", evidence="Dashboard", seen=seen)
    facts = {fact.label: fact.text for fact in asking.facts_of(question)}
    assert facts["Why"] == "Moved by hand."
    assert facts["Evidence"] == "Dashboard."
    assert "Vercel" in facts["The portal read then"]
    page = sign_in(second).get(f"/approvals/{question.pk}/").content.decode()
    assert "Dashboard." in page
    agree(question, second)
    step = stuck.steps.get(position=1)
    assert step.message == "Taken as done on people's word: Moved by hand. Evidence: Dashboard."
    adopted = Event.objects.get(kind="rollback.step_adopted", subject_id=str(stuck.pk))
    assert adopted.details["seen"] == seen


def test_the_last_vote_by_any_door_refuses_a_plan_that_production_has_outrun(stage: Stage) -> None:
    from apps.deployments import lifecycle as deployments

    rollback = stage.propose(ONLY_HOSTING)
    agree(rollback.question, stage.ava)
    deployments.went_live(stage.environment, stage.good, by=SYSTEM, pinned=False)
    body = {"decision": "approve", "plan_hash": rollback.plan_hash}
    path = f"/api/v1/approvals/{rollback.question_id}/votes"
    answer = program(stage.cleo).post(path, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_plan")
    rollback.refresh_from_db()
    assert rollback.state == "awaiting_approval"


def test_programs_read_what_is_known_look_and_see_the_same_choices(
    stage: Stage, stuck: Rollback, second: Person
) -> None:
    client, path = program(stage.rae), f"/api/v1/rollbacks/{stuck.pk}/steps/1"
    told = client.get(path).json()
    assert told["waits"] is True
    assert {choice["name"]: choice["why_not"] for choice in told["choices"]} == {
        "retry": "", "adoption": "", "skip": "", "cancellation": "",
    }  # fmt: skip
    looked = client.post(f"{path}/readings", {}, content_type="application/json")
    assert looked.status_code == 201
    assert looked.json()["items"][0]["means"] == "not as wanted"
    move_to(stage, "v2.30.4")
    looked = client.post(f"{path}/readings", {}, content_type="application/json")
    assert looked.json()["items"][0]["means"] == "as wanted"
    assert client.get(f"/api/v1/rollbacks/{stuck.pk}/steps/9").status_code == 404
    assert program(stage.mallory).get(path).status_code == 403
    refused = program(stage.ava).get(path).json()["choices"]
    assert all(choice["why_not"] for choice in refused)


def test_looking_now_reads_again_and_says_when(stage: Stage, stuck: Rollback) -> None:
    browser = sign_in(stage.rae)
    move_to(stage, "v2.31.0")
    page = browser.get(f"/rollbacks/{stuck.pk}/steps/1/readings/").content.decode()
    assert "Looked at" in page
    assert "Look now" in page
    assert "<html" not in page


def test_cancelling_says_before_and_after_what_was_applied_and_what_not(stage: Stage) -> None:
    rollback = stage.run(stage.approve(stage.propose(WITH_A_PERSON)))
    assert rollback.state == "needs_operator"
    browser, page = sign_in(stage.rae), f"/rollbacks/{rollback.pk}/"
    assert "Applied: 1 · not applied: 2–4" in browser.get(page).content.decode()
    answer = program(stage.rae).post(
        f"/api/v1/rollbacks/{rollback.pk}/cancellation", {"reason": "The fix is out"}, content_type="application/json"
    )
    assert answer.json()["standing"]["applied"] == [1]
    assert answer.json()["standing"]["not_applied"] == [2, 3, 4]
    assert "Cancelling: nothing new is sent." in browser.get(page).content.decode()
    assert stage.run(rollback).state == "cancelled"
    after = browser.get(page).content.decode()
    assert "Cancelled: what was applied stays as it is." in after
    assert "Applied: 1 · not applied: 2–4" in after


def test_what_nobody_can_tell_is_called_unclear_and_not_untouched(stage: Stage, unseen: Rollback) -> None:
    standing = standing_of(unseen.steps.prefetch_related("attempts"))
    assert (standing.unclear, standing.not_applied) == ([1], [])


def test_a_request_that_is_repeated_by_its_key_was_never_seen_not_to_work(stage: Stage) -> None:
    stage.outside.fault(kind="reset_after", slug="pagerduty", reads=False)
    stage.outside.fault(kind="status", slug="pagerduty", status=503, reads=True, times=2 * READ_TRIES)
    rollback = stage.run(stage.approve(stage.propose(PAGED)))
    assert rollback.state == "succeeded"
    tries = Attempt.objects.filter(rollback=rollback).order_by("number")
    assert tries[0].state == "conflict"
    assert len({one.idempotency_key for one in tries}) == 1
    assert len(stage.outside.effects("pagerduty")) == 1


def test_a_run_cancelled_between_such_repeats_does_not_call_the_step_untouched(stage: Stage) -> None:
    stage.outside.fault(kind="reset_after", slug="pagerduty", reads=False)
    stage.outside.fault(kind="status", slug="pagerduty", status=503, reads=True, times=1000)
    rollback = stage.approve(stage.propose(PAGED))
    engine.advance(rollback.pk)  # until it waits for its next attempt
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    rollback = stage.run(rollback)
    standing = standing_of(rollback.steps.prefetch_related("attempts"))
    assert (rollback.state, standing.unclear, standing.not_applied) == ("cancelled", [1], [])


def test_positions_are_written_shortly(stage: Any) -> None:
    assert ranges([1, 2, 4, 5, 6, 9]) == "1, 2, 4–6, 9"
    moment = stage.incident.started_at
    flying = Standing([1, 2], [], [], [Flight(3, moment), Flight(4, None)], [], [], [5])
    assert flying.facts == [
        ("applied", "1, 2", None), ("being cleared up", "4", None), ("not applied", "5", None),
        ("in flight", "3", moment),
    ]  # fmt: skip
