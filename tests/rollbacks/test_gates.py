"""A step that names people waits for them: nothing of it is sent before they have agreed to it, for this very plan."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.models import Question, Rule
from apps.approvals.overdue import close_overdue
from apps.rollbacks import after_refusal, engine, gating, lifecycle, operating
from apps.rollbacks.leases import release
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.timeline.answers import Forbidden, Refused
from tests.accounts.factories import PersonFactory
from tests.rollbacks.conftest import Stage
from tests.unguarded import unguarded

CLEAR = 'use: cache.delete_prefix, with: {prefix: "share:"}'
STEPS_RULE = ", approvals: {all_of: [technical-lead], due_minutes: 10}"
GATED = f"""
version: 1
slug: gated
name: Gated
approvals: {{all_of: [founder, client-success-lead], due_minutes: 5}}
steps:
  - {{name: Turn off the flags of the release, use: flags.flags_off, with: {{flags: "{{release.flags}}"}}}}
  - {{name: Clear cached share links, {CLEAR}{STEPS_RULE}}}
"""
HOTFIX = """
version: 1
slug: hotfix
name: Hotfix
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Turn off the flags of the release, use: flags.flags_off, with: {flags: "{release.flags}"}}
  - {name: The hotfix may go out, approvals: {all_of: [technical-lead, reliability-partner]}}
  - {name: Tell the team, use: chat.post, with: {text: "The hotfix goes out."}}
"""


@pytest.fixture
def tess(stage: Stage) -> Person:
    """The technical lead."""
    return PersonFactory(organisation=stage.organisation, name="Tess", roles=["technical-lead"])


@pytest.fixture
def rob(stage: Stage) -> Person:
    """The reliability partner."""
    return PersonFactory(organisation=stage.organisation, name="Rob", roles=["reliability-partner"])


def waits(rollback: Rollback) -> bool:
    """Say whether a step's people have been asked and the run rests."""
    asked = Step.objects.filter(rollback=rollback, agreement="asked").exists()
    return asked and Rollback.objects.filter(pk=rollback.pk, lease_owner="", wake_at=None).exists()


def at_its_gate(stage: Stage, text: str = GATED) -> Rollback:
    """Return a run that waits for the people of its second step."""
    return stage.run(stage.approve(stage.propose(text)), until=waits)


def asked(rollback: Rollback, position: int = 2) -> Question:
    """Return the question about a step."""
    question = Step.objects.select_related("question").get(rollback=rollback, position=position).question
    assert question is not None
    return question


def vote(question: Question, by: Person, decision: str = "approve", note: str = "") -> None:
    """Answer with everything that an answer needs."""
    asking.vote(
        question, by=by, decision=decision, content_hash=question.content_hash, note=note, accepts=question.losses,
        confirm=question.confirm,
    )  # fmt: skip


def sent(rollback: Rollback, position: int = 2) -> int:
    """Return how many requests of a step were intended."""
    return Attempt.objects.filter(rollback=rollback, position=position).count()


def test_the_run_waits_at_the_step_and_goes_on_at_once_when_its_people_agree(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    question = asked(rollback)
    assert (rollback.state, question.kind, question.requester) == ("running", "rollback.step", stage.rae)
    assert rollback.steps.get(position=1).state == "succeeded"
    assert sent(rollback) == 0
    assert question in asking.waiting_for(tess)
    assert question not in asking.waiting_for(stage.rae)
    vote(question, tess)
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded"
    assert sent(rollback) == 1


def test_who_must_agree_is_part_of_the_plan(stage: Stage) -> None:
    rollback = stage.propose(GATED)
    said = json.loads(bytes(rollback.plan.canonical))["steps"]
    assert "approvals" not in said[0]
    assert said[1]["approvals"]["all_of"] == ["technical-lead"]
    assert [step.agreement for step in rollback.steps.all()] == ["", "needed"]


def test_a_gate_sends_nothing_and_needs_everybody_it_names(stage: Stage, tess: Person, rob: Person) -> None:
    rollback = at_its_gate(stage, HOTFIX)
    question = asked(rollback)
    assert question.kind == "hotfix.gate"
    vote(question, tess)
    assert engine.advance(rollback.pk)
    assert rollback.steps.get(position=2).state == "pending"
    vote(question, rob)
    rollback = stage.run(rollback)
    gate = rollback.steps.get(position=2)
    assert (rollback.state, gate.state, gate.message) == ("succeeded", "succeeded", "Tess and Rob agreed.")
    assert sent(rollback) == 0


def test_nobody_agrees_to_the_step_of_their_own_rollback(stage: Stage) -> None:
    rollback = at_its_gate(stage)
    with pytest.raises(Forbidden):
        vote(asked(rollback), stage.rae)
    with pytest.raises(Forbidden):
        vote(asked(rollback), stage.mallory)


def test_a_rejection_asks_a_person_how_to_go_on(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    vote(asked(rollback), tess, "reject", note="Not {yet}")
    rollback.refresh_from_db()
    assert (rollback.state, rollback.reason) == (
        "needs_operator", "Step 2 was not agreed on. Tess says no: “Not {yet}”.",
    )  # fmt: skip
    engine.advance(rollback.pk)
    assert sent(rollback) == 0


def test_a_question_that_nobody_answers_in_time_asks_a_person(stage: Stage) -> None:
    rollback = at_its_gate(stage)
    question = asked(rollback)
    expire_now(question)
    close_overdue()
    rollback.refresh_from_db()
    assert rollback.state == "needs_operator"
    assert "Nobody decided in time." in rollback.reason
    assert sent(rollback) == 0


def expire_now(question: Question) -> None:
    """Let the time of a question be over: the rules that keep it are off for this one row."""
    with unguarded("approvals_question") as cursor:
        cursor.execute(
            "UPDATE approvals_question SET expires_at = clock_timestamp() - interval '1 second' WHERE id = %s",
            [question.pk],
        )


def test_asked_again_it_is_a_new_question_with_votes_of_its_own(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    first = asked(rollback)
    vote(first, tess, "reject")
    operating.retry(rollback, 2, by=stage.rae, reason="The cache was looked at")
    rollback = stage.run(rollback, until=waits)
    second = asked(rollback)
    assert second.pk != first.pk
    assert second.state == "open"
    vote(second, tess)
    assert stage.run(rollback).state == "succeeded"


def test_what_was_done_is_put_back_when_its_people_say_no(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    vote(asked(rollback), tess, "reject")
    assert after_refusal.what_goes_back(rollback) == [1]
    after_refusal.put_back(rollback, 2, by=stage.rae, reason="We stay on the new version")
    rollback = stage.run(rollback)
    assert rollback.state == "failed"
    assert "was not agreed on" in rollback.reason
    assert rollback.steps.get(position=1).compensated
    assert sent(rollback) == 0


def test_a_gate_is_never_left_out(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage, HOTFIX)
    with pytest.raises(Refused, match="never left out"):
        operating.ask_to_skip(rollback, 2, by=stage.rae, reason="In a hurry")
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Step.objects.filter(rollback=rollback, position=2).update(state="skipped")
    assert code(caught) == "RG009"


def test_cancelling_takes_the_question_back(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    question = asked(rollback)
    lifecycle.cancel(rollback, by=stage.rae, reason="The fix is out")
    question.refresh_from_db()
    assert question.state == "void"
    assert stage.run(rollback).state == "cancelled"
    assert sent(rollback) == 0


def test_a_paused_run_takes_the_agreement_and_begins_when_it_is_resumed(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    lifecycle.pause(rollback, by=stage.rae, reason="Wait")
    rollback = stage.run(rollback)
    assert rollback.state == "paused"
    vote(asked(rollback), tess)
    assert not engine.advance(rollback.pk) or Rollback.objects.get(pk=rollback.pk).state == "paused"
    assert sent(rollback) == 0
    lifecycle.resume(rollback, by=stage.rae, reason="Go on")
    assert stage.run(rollback).state == "succeeded"


def test_a_paused_run_asks_a_person_when_it_was_refused_meanwhile(stage: Stage, tess: Person) -> None:
    rollback = at_its_gate(stage)
    lifecycle.pause(rollback, by=stage.rae, reason="Wait")
    stage.run(rollback)
    vote(asked(rollback), tess, "reject")
    lifecycle.resume(rollback, by=stage.rae, reason="Go on")
    assert stage.run(rollback).state == "needs_operator"


def test_a_question_that_was_taken_back_by_somebody_else_never_leaves_the_run_waiting(stage: Stage) -> None:
    rollback = at_its_gate(stage)
    asking.void(asked(rollback), by=stage.ava, reason="It was a mistake")
    assert gating.refuse_taken_back() == 1
    assert gating.refuse_taken_back() == 0
    rollback.refresh_from_db()
    assert (rollback.state, rollback.reason) == (
        "needs_operator", "Step 2 was not agreed on. The question was taken back.",
    )  # fmt: skip


def test_a_rule_about_steps_asks_before_a_destructive_step(stage: Stage, tess: Person) -> None:
    ungated = GATED.replace(STEPS_RULE, ", losses: [Share links are made anew]")
    Rule.objects.create(
        organisation=stage.organisation, name="Deleting needs a lead", kinds=["rollback.step"],
        demand={"all_of": ["technical-lead"]},
    )  # fmt: skip
    rollback = at_its_gate(stage, ungated)
    assert rollback.steps.get(position=1).agreement == ""
    vote(asked(rollback), tess)
    assert stage.run(rollback).state == "succeeded"


def test_a_rule_about_everything_does_not_ask_twice(stage: Stage) -> None:
    ungated = GATED.replace(STEPS_RULE, ", losses: [Share links are made anew]")
    Rule.objects.create(organisation=stage.organisation, name="Always", kinds=[], demand={"all_of": ["founder"]})
    rollback = stage.propose(ungated)
    assert [step.agreement for step in rollback.steps.all()] == ["", ""]


# --- what Postgres refuses, whoever writes ---------------------------------------------------------------------------


def code(caught: Any) -> str:
    """Return the code of a violation."""
    return caught.value.__cause__.sqlstate


def forced(rollback: Rollback, position: int = 2) -> None:
    """Make a step run without its people: the rules of its row are off, those of intents are not."""
    with unguarded("rollbacks_step") as cursor:
        cursor.execute(
            "UPDATE rollbacks_step SET state = 'running', agreement = 'granted' "
            "WHERE rollback_id = %s AND position = %s",
            [rollback.pk, position],
        )


def intend(rollback: Rollback, position: int = 2) -> None:
    """Write an intent with the newest fence, as a worker would that asks nobody."""
    step = Step.objects.get(rollback=rollback, position=position)
    fence = Rollback.objects.values_list("fence", flat=True).get(pk=rollback.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.fence', %s, true)", [str(fence)])
        cursor.execute(
            """INSERT INTO rollbacks_attempt (id, organisation_id, rollback_id, step_id, position, kind, part, number,
                 fence, owner, idempotency_key, request_digest, baseline, state, intended_at, send_before, message,
                 retryable, needs_operator, evidence)
               VALUES (gen_random_uuid(), %s, %s, %s, %s, 'apply', '', 1, %s, '', 'k', 'd', '{}', 'in_flight', now(),
                 now(), '', false, false, '{}')""",
            [rollback.organisation_id, rollback.pk, step.pk, position, fence],
        )


def test_no_intent_is_written_for_a_step_whose_people_have_not_agreed(stage: Stage) -> None:
    rollback = at_its_gate(stage)
    forced(rollback)
    with pytest.raises(DatabaseError) as caught:
        intend(rollback)
    assert code(caught) == "RG009"


FORGED: dict[str, str] = {
    "granted without votes": "UPDATE approvals_question SET state = 'granted' WHERE id = %(question)s",
    "for other content": "UPDATE approvals_question SET state = 'granted', content_hash = repeat('0', 64) "
    "WHERE id = %(question)s",
    "of another kind": "UPDATE approvals_question SET state = 'granted', kind = 'rollback.skip' "
    "WHERE id = %(question)s",
    "about the run instead": "UPDATE rollbacks_step SET question_id = (SELECT question_id FROM rollbacks_rollback r "
    "WHERE r.id = rollback_id) WHERE id = %(step)s",
    "by a milder rule": "UPDATE approvals_question SET state = 'granted', rule = '{\"all_of\": []}' "
    "WHERE id = %(question)s",
}


@pytest.mark.parametrize("how", sorted(FORGED))
def test_a_forged_agreement_releases_nothing(stage: Stage, how: str) -> None:
    rollback = at_its_gate(stage)
    step = rollback.steps.get(position=2)
    forced(rollback)
    with unguarded("approvals_question", "rollbacks_step") as cursor:
        cursor.execute(FORGED[how], {"question": step.question_id, "step": step.pk})
    with pytest.raises(DatabaseError) as caught:
        intend(rollback)
    assert code(caught) == "RG009"


@pytest.mark.parametrize("state", ["running", "succeeded", "failed", "verifying"])
def test_a_waiting_step_becomes_nothing_without_its_people(stage: Stage, state: str) -> None:
    rollback = at_its_gate(stage, HOTFIX)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Step.objects.filter(rollback=rollback, position=2).update(state=state)
    assert code(caught) == "RG009"


@pytest.mark.parametrize(("agreement", "refused"), [("", "RG011"), ("granted", "RG009")])
def test_nobody_writes_that_a_step_needs_no_agreement_or_has_it(stage: Stage, agreement: str, refused: str) -> None:
    rollback = at_its_gate(stage)
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Step.objects.filter(rollback=rollback, position=2).update(agreement=agreement)
    assert code(caught) == refused


def test_a_step_of_the_plan_cannot_be_born_without_its_need(stage: Stage) -> None:
    rollback = stage.propose(GATED)
    step = rollback.steps.get(position=2)
    Step.objects.filter(pk=step.pk).delete()
    step.agreement = ""
    with transaction.atomic():
        lifecycle.cancel(rollback, by=stage.rae, reason="Only its record is needed")
        step.save(force_insert=True)
    step.refresh_from_db()
    assert step.agreement == "needed"


def test_a_step_is_never_asked_about_twice_at_once(stage: Stage) -> None:
    rollback = at_its_gate(stage)
    question = asked(rollback)
    with pytest.raises(DatabaseError) as caught:
        asking.ask(
            organisation=stage.organisation, kind=question.kind, title="Again", url="/",
            subject=rollback.steps.get(position=2), requester=stage.rae, content={}, rule=question.rule,
        )  # fmt: skip
    assert "a_step_is_asked_about_once" in str(caught.value)


def test_a_worker_that_dies_while_it_asks_has_asked_nothing(
    stage: Stage, tess: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollback = stage.approve(stage.propose(GATED))
    with monkeypatch.context() as patched:
        patched.setattr("apps.rollbacks.gating.update", _dies)
        with pytest.raises(Killed):
            stage.run(rollback, until=waits)
    assert not Question.objects.filter(kind="rollback.step").exists()
    _lapse(rollback)
    rollback = stage.run(rollback, until=waits)
    assert Question.objects.filter(kind="rollback.step").count() == 1


def test_a_worker_that_dies_after_it_asked_leaves_one_question(
    stage: Stage, tess: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollback = stage.approve(stage.propose(GATED))
    with monkeypatch.context() as patched:
        patched.setattr("apps.rollbacks.engine.release", _dies_at_a_gate)
        with pytest.raises(Killed):
            stage.run(rollback, until=waits)
    _lapse(rollback)
    rollback = stage.run(rollback, until=waits)
    assert Question.objects.filter(kind="rollback.step").count() == 1
    vote(asked(rollback), tess)
    assert stage.run(rollback).state == "succeeded"


class Killed(BaseException):
    """The process is gone; nobody catches it."""


def _dies(*_: Any, **__: Any) -> None:
    raise Killed


def _dies_at_a_gate(lease: Any, wake_in: float | None) -> None:
    if Step.objects.filter(rollback=lease.rollback_id, agreement="asked").exists():
        raise Killed
    release(lease, wake_in)


def _lapse(rollback: Rollback) -> None:
    """Let the dead worker's lease run out."""
    Rollback.objects.filter(pk=rollback.pk).update(lease_expires_at=None, lease_owner="", wake_at=Now())
