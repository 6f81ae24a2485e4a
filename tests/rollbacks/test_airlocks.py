"""The airlock: what destroys something says what is lost and which copy is kept first (S4-36 to S4-42, S5-52)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.models import Person
from apps.approvals.kinds import DATA_LOSS, DESTRUCTIVE, RESTORE
from apps.deployments.models import EnvironmentConnection
from apps.playbooks.own_rule import impacts_of_steps
from apps.providers import registry
from apps.providers.base import Provider, Risk
from apps.rollbacks import engine, lifecycle, operating
from apps.rollbacks.models import Attempt, Rollback
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.models import Event
from tests.accounts.factories import PersonFactory
from tests.playbooks.conftest import browser, program
from tests.providers.factories import ConnectionFactory
from tests.providers.foreign import Foreign, Vendor, vendor_answering
from tests.rollbacks.conftest import Stage

RESTORES = """
version: 1
slug: restores
name: Restores
approvals: {all_of: [cto]}
steps:
  - {name: Put the data back, use: database.restore, with: {point: "2026-03-01T02:15:00Z"}}
"""
LOST = "Everything written to the database since 2026-03-01T02:15:00Z."
RUNS_ON = "It runs at Foreign and cannot be stopped; pausing or cancelling waits for its end."


@pytest.fixture
def vendor(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """The vendor of the portal's database."""
    with vendor_answering(monkeypatch) as vendor:
        connection = ConnectionFactory(
            organisation=stage.organisation, provider="foreign", base_url=vendor.url, credentials={"token": "a-token"}
        )
        EnvironmentConnection.objects.create(
            organisation=stage.organisation, environment=stage.environment, role="database", connection=connection
        )
        yield vendor


def plan_of(rollback: Rollback) -> dict[str, Any]:
    """Return the plan as it was agreed to."""
    return json.loads(bytes(rollback.plan.canonical))


@pytest.fixture
def theo(stage: Stage) -> Person:
    """The CTO, who may approve a restore in production."""
    return PersonFactory(organisation=stage.organisation, name="Theo", roles=["cto"])


@pytest.fixture
def agreed(stage: Stage, vendor: Vendor, theo: Person) -> Rollback:
    """A restore that the CTO has agreed to."""
    rollback = stage.propose(RESTORES)
    accept(rollback, theo)
    rollback.refresh_from_db()
    return rollback


def accept(rollback: Rollback, person: Person) -> None:
    """Agree, with every loss accepted and the name typed."""
    lifecycle.vote(
        rollback, by=person, decision="approve", plan_hash=rollback.plan_hash, accepts=rollback.question.losses,
        confirm=rollback.question.confirm,
    )  # fmt: skip


def test_the_plan_says_what_is_lost_for_how_long_and_which_copy_is_kept(stage: Stage, vendor: Vendor) -> None:
    rollback = stage.propose(RESTORES)
    plan = plan_of(rollback)
    assert plan["steps"][0]["airlock"] == {
        "": {
            "loses": LOST,
            "safety_copy": "Foreign keeps the database as it is now under “before-restore”.",
            "lost_from": "2026-03-01T02:15:00+00:00",
            "lost_until": "2026-03-01T03:00:00+00:00",
        }
    }
    assert plan["losses"] == [LOST] == rollback.question.losses
    assert rollback.question.confirm == "portal"


def test_the_page_and_the_api_show_the_airlock(stage: Stage, vendor: Vendor) -> None:
    rollback = stage.propose(RESTORES)
    page = browser(stage.ava).get(f"/rollbacks/{rollback.pk}/").content.decode()
    for words in (
        "Airlock of step 1", LOST, "from 01 Mar 2026, 02:15:00 UTC to 01 Mar 2026, 03:00:00 UTC", "45 min",
        "before-restore", "It runs at Foreign to its end and cannot be stopped.", "foreign.example/support",
        "type “portal”",
    ):  # fmt: skip
        assert words in page, words
    told = program(stage.ava).get(f"/api/v1/rollbacks/{rollback.pk}").json()["airlocks"]
    assert told[0]["lost_seconds"] == 45 * 60
    assert told[0]["loses"] == LOST
    assert told[0]["interruptible"] is False


def test_a_refusal_of_the_airlock_refuses_the_proposal(stage: Stage, vendor: Vendor) -> None:
    vendor.refusals = ["The wanted time is before the history that Foreign keeps."]
    with pytest.raises(Unacceptable, match="Step 1: The wanted time is before the history") as refused:
        stage.propose(RESTORES)
    assert refused.value.status == 422
    assert refused.value.extra["field"] == "playbook"
    assert not Rollback.objects.exists()


def test_what_cannot_be_told_refuses_the_proposal(stage: Stage, vendor: Vendor) -> None:
    vendor.broken = 503
    with pytest.raises(Unacceptable, match="It cannot be told what would be lost"):
        stage.propose(RESTORES)
    vendor.broken, vendor.until = 0, "no time at all"
    with pytest.raises(Unacceptable, match=r"that the portal cannot read \(ValueError\)"):
        stage.propose(RESTORES)


def test_nobody_agrees_without_accepting_the_loss_and_typing_the_name(
    stage: Stage, vendor: Vendor, theo: Person
) -> None:
    rollback = stage.propose(RESTORES)
    for given in ({}, {"accepts": [LOST]}, {"confirm": "portal"}, {"accepts": [LOST], "confirm": "portl"}):
        with pytest.raises(Refused):
            lifecycle.vote(rollback, by=theo, decision="approve", plan_hash=rollback.plan_hash, **given)
    assert not rollback.question.votes.exists()


def test_a_restore_in_production_is_agreed_to_by_whoever_has_the_right_to(
    stage: Stage, vendor: Vendor, theo: Person
) -> None:
    rollback = stage.propose(RESTORES.replace("[cto]", "[founder, cto]"))
    with pytest.raises(Forbidden):
        accept(rollback, stage.ava)
    accept(rollback, theo)
    rollback.refresh_from_db()
    assert rollback.state == "awaiting_approval"


def test_what_is_agreed_to_is_sent_once_and_waited_for(stage: Stage, vendor: Vendor, agreed: Rollback) -> None:
    rollback = stage.run(agreed)
    assert rollback.state == "succeeded"
    assert vendor.restores == ["2026-03-01T02:15:00Z"]


def test_a_refusal_that_has_appeared_since_stops_the_step_before_anything_is_sent(
    stage: Stage, vendor: Vendor, agreed: Rollback
) -> None:
    vendor.refusals = ["Foreign restores another database just now."]
    rollback = stage.run(agreed)
    assert rollback.state == "needs_operator"
    step = rollback.steps.get()
    assert step.message == "Foreign restores another database just now. Nothing was sent."
    assert vendor.restores == []
    assert not Attempt.objects.filter(rollback=rollback).exists(), "no intent was written"
    page = browser(stage.rae).get(f"/rollbacks/{rollback.pk}/steps/1/").content.decode()
    assert "foreign.example/support" in page
    assert program(stage.rae).get(f"/api/v1/rollbacks/{rollback.pk}").json()["steps"][0]["support"] == Foreign.support
    vendor.refusals = []
    operating.retry(rollback, 1, by=stage.rae, reason="It is free again")
    assert stage.run(rollback).state == "succeeded"
    assert len(vendor.restores) == 1


def test_what_cannot_be_told_any_more_stops_the_step_as_well(stage: Stage, vendor: Vendor, agreed: Rollback) -> None:
    vendor.until = "no time at all"
    assert stage.run(agreed).state == "needs_operator"
    assert vendor.restores == []


@pytest.fixture
def running(stage: Stage, vendor: Vendor, agreed: Rollback) -> Rollback:
    """A restore that runs at the vendor and is not over."""
    vendor.under_way = True
    return stage.run(agreed, until=lambda run: run.steps.get().state == "verifying")


def test_a_pause_waits_for_what_cannot_be_stopped(stage: Stage, vendor: Vendor, running: Rollback) -> None:
    lifecycle.pause(running, by=stage.rae, reason="Let us look")
    told = Event.objects.filter(kind="rollback.pause_asked").latest("id")
    assert told.details["reason"] == f"Let us look. Step 1: {RUNS_ON}"
    assert program(stage.rae).get(f"/api/v1/rollbacks/{running.pk}").json()["waits_for"] == f"Step 1: {RUNS_ON}"
    page = browser(stage.rae).get(f"/rollbacks/{running.pk}/").content.decode()
    assert f"<b>It waits.</b> Step 1: {RUNS_ON}" in page
    engine.advance(running.pk)
    running.refresh_from_db()
    assert (running.state, running.steps.get().state) == ("running", "verifying")
    vendor.under_way = False
    running = stage.run(running)
    assert running.steps.get().state == "succeeded"
    assert running.state in {"paused", "succeeded"}
    assert len(vendor.restores) == 1


def test_a_cancellation_waits_for_what_cannot_be_stopped(stage: Stage, vendor: Vendor, running: Rollback) -> None:
    page = browser(stage.rae).get(f"/rollbacks/{running.pk}/").content.decode()
    assert f"Nothing new is sent. Step 1: {RUNS_ON} So it would stand:" in page
    lifecycle.cancel(running, by=stage.rae, reason="We changed our mind")
    told = Event.objects.filter(kind="rollback.cancellation_asked").latest("id")
    assert told.details["reason"] == f"We changed our mind. Step 1: {RUNS_ON}"
    engine.advance(running.pk)
    running.refresh_from_db()
    assert running.state == "cancelling"
    vendor.under_way = False
    running = stage.run(running)
    assert running.state == "cancelled"
    assert running.steps.get().state == "succeeded"
    assert "Applied: 1." in running.reason


def test_a_restore_that_never_ends_is_a_question_with_the_vendor_at_hand(
    stage: Stage, vendor: Vendor, running: Rollback
) -> None:
    running.steps.update(gives_up_seconds=1)
    Rollback.objects.filter(pk=running.pk).update(decisions=running.decisions + 1)
    rollback = stage.run(running)
    assert rollback.state == "needs_operator"
    assert "foreign.example/support" in browser(stage.rae).get(f"/rollbacks/{rollback.pk}/").content.decode()


def test_every_destructive_action_asks_for_a_typed_name(stage: Stage, vendor: Vendor) -> None:
    text = RESTORES.replace('database.restore, with: {point: "2026-03-01T02:15:00Z"}', "cache.flush")
    rollback = stage.propose(text)
    assert rollback.question.confirm == "portal"
    assert [loss.startswith("All ") for loss in rollback.question.losses] == [True], "the airlock's own count"


DESTRUCTIVE_ACTIONS = [
    (provider, action) for provider in registry.providers() for action in provider.actions
    if action.risk is Risk.DESTRUCTIVE
]  # fmt: skip


@pytest.mark.parametrize(("provider", "action"), DESTRUCTIVE_ACTIONS, ids=lambda one: one.name)
def test_every_destructive_action_says_what_is_lost(provider: Any, action: Any) -> None:
    told = type(provider).airlock is not Provider.airlock
    assert told, f"{provider.name}: {action.name} passes no airlock"
    assert action.lost or told
    assert provider.support, f"{provider.name} names no vendor contact"
    for role in provider.roles:
        done = impacts_of_steps([{"role": role, "action": action.name, "risk": str(action.risk)}], [action.lost])
        assert {DESTRUCTIVE, DATA_LOSS} <= done
        assert RESTORE in done or role not in {"database", "backend"}


@pytest.mark.parametrize(
    ("role", "action", "risk", "restores"),
    [
        ("database", "restore_to_time", Risk.DESTRUCTIVE, True),
        ("database", "run_sql", Risk.DISRUPTIVE, True),
        ("database", "create_restore_point", Risk.SAFE, False),
        ("backend", "import_snapshot", Risk.DESTRUCTIVE, True),
        ("backend", "redeploy", Risk.DISRUPTIVE, False),
        ("code", "restore_branch", Risk.DISRUPTIVE, False),
        ("hosting", "restore", Risk.DISRUPTIVE, True),
        ("cache", "flush", Risk.DESTRUCTIVE, False),
    ],
)
def test_what_counts_as_a_restore(role: str, action: str, risk: Risk, restores: bool) -> None:
    assert (RESTORE in impacts_of_steps([{"role": role, "action": action, "risk": str(risk)}], [])) is restores
