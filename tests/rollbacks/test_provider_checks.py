"""A step that asks a provider's check: planned like an action, asked until it holds or its time is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.deployments.models import EnvironmentConnection
from apps.playbooks import library
from apps.rollbacks import choices, examining, looking
from apps.rollbacks.approved import PlannedStep
from apps.rollbacks.models import LogLine, Rollback
from apps.timeline.answers import Unacceptable
from tests.playbooks.conftest import browser
from tests.providers.factories import ConnectionFactory
from tests.providers.foreign import Vendor, vendor_answering

ASKS = """
version: 1
slug: asks
name: Asks
approvals: {all_of: [founder, client-success-lead]}
steps:
  - name: Errors stay low
    check: {use: metrics.loss_share, with: {window_minutes: 5, below: 1}, within_seconds: 3}
"""
HEALTHY = ASKS.replace(
    "use: metrics.loss_share, with: {window_minutes: 5, below: 1}", "use: metrics.health, with: {part: api}"
)


@pytest.fixture
def vendor(stage: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """The vendor of the figures, connected to the portal for them."""
    with vendor_answering(monkeypatch) as vendor:
        connection = ConnectionFactory(
            organisation=stage.organisation, provider="foreign", base_url=vendor.url, credentials={"token": "a-token"}
        )
        EnvironmentConnection.objects.create(
            organisation=stage.organisation, environment=stage.environment, role="metrics", connection=connection
        )
        yield vendor


def told(rollback: Rollback) -> dict[str, Any]:
    """Return the first step as the plan has it."""
    return json.loads(bytes(rollback.plan.canonical))["steps"][0]


def test_the_plan_names_the_connection_and_everything_that_is_asked(stage: Any, vendor: Vendor) -> None:
    rollback = stage.propose(ASKS)
    said = told(rollback)
    connection = stage.environment.connections.get(role="metrics").connection
    assert said["kind"] == "check"
    assert said["provider"] == "foreign"
    assert said["connection"] == {"id": str(connection.pk), "version": 1}
    assert said["check"]["name"] == "loss_share"
    assert said["check"]["parameters"] == {"window_minutes": 5, "below": 1}
    assert said["gives_up_seconds"] == 3
    page = browser(stage.ava).get(f"/rollbacks/{rollback.pk}/").content.decode()
    assert "Share of failed requests over 5 min, below 1 %" in page


def test_a_check_that_holds_is_a_proof_with_what_was_read(stage: Any, vendor: Vendor) -> None:
    rollback = stage.run(stage.approve(stage.propose(ASKS)))
    assert rollback.state == "succeeded"
    step = rollback.steps.get()
    assert step.message == "Share of failed requests: 0.2 % over 5 min, from 1200 samples; wanted below 1 %."
    assert step.proof == [{"mark": "done", "text": step.message}]
    assert any("Foreign: Share of failed requests" in text for text in LogLine.objects.values_list("text", flat=True))
    assert "Foreign" in browser(stage.ava).get(f"/rollbacks/{rollback.pk}/").content.decode()


def test_a_check_that_never_holds_fails_the_step_when_its_time_is_over(stage: Any, vendor: Vendor) -> None:
    vendor.rate = 7.5
    rollback = stage.run(stage.approve(stage.propose(ASKS)))
    assert rollback.state == "failed"
    step = rollback.steps.get()
    assert step.state == "failed"
    assert "7.5 % over 5 min" in step.message
    assert step.proof[0]["mark"] == "failed"
    assert len(vendor.asked) == 2, "asked at once and when its time was over, not in between"


def test_what_cannot_be_read_is_no_failure_before_its_time_is_over(stage: Any, vendor: Vendor) -> None:
    vendor.broken = 503
    rollback = stage.approve(stage.propose(HEALTHY))
    rollback = stage.run(rollback, until=lambda run: bool(run.steps.get().proof))
    step = rollback.steps.get()
    assert step.state == "running"
    assert step.proof[0]["mark"] == "unknown"
    vendor.broken = 0
    assert stage.run(rollback).state == "succeeded"


def test_a_source_without_data_is_not_taken_for_health(stage: Any, vendor: Vendor) -> None:
    vendor.rate = None
    rollback = stage.run(stage.approve(stage.propose(ASKS)))
    assert rollback.state == "failed"
    assert "no data over 5 min" in rollback.steps.get().message


def test_looking_now_asks_the_check(stage: Any, vendor: Vendor) -> None:
    vendor.rate = 7.5
    rollback = stage.run(stage.approve(stage.propose(ASKS)))
    step = rollback.steps.get()
    assert [(reading.mark, reading.means) for reading in looking.now(rollback, step)] == [("failed", "not as wanted")]
    vendor.rate = 0.1
    assert [reading.means for reading in looking.now(rollback, step)] == ["as wanted"]
    vendor.broken = 503
    assert [reading.means for reading in looking.now(rollback, step)] == ["cannot be told"]


@pytest.mark.parametrize(
    ("asked", "because"),
    [
        ("use: metrics.loss_share, with: {window_minutes: 5}", "Say what the value must be"),
        ("use: metrics.guess, with: {}", "Foreign has no check “guess”"),
        ("use: errors.loss_share, with: {window_minutes: 5, below: 1}", "needs a errors connection"),
    ],
)
def test_what_can_never_be_asked_is_refused_when_it_is_planned(
    stage: Any, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, asked: str, because: str
) -> None:
    text = ASKS.replace("use: metrics.loss_share, with: {window_minutes: 5, below: 1}", asked)
    monkeypatch.setattr("apps.playbooks.linter.RULES", ())  # it was published when it could still be asked
    with pytest.raises(Unacceptable, match=because) as refused:
        stage.propose(text)
    assert refused.value.extra["field"] == "playbook"


def test_a_playbook_fits_only_where_its_questions_can_be_asked(stage: Any, vendor: Vendor) -> None:
    stage.publish(ASKS)
    assert "asks" in library.fitting_slugs(stage.environment)
    address = f"/rollbacks/new/?incident={stage.incident.pk}"
    assert "Not offered here" not in browser(stage.rae).get(address).content.decode()
    stage.environment.connections.filter(role="metrics").delete()
    assert "asks" not in library.fitting_slugs(stage.environment)
    assert "has no connection for: Metrics" in browser(stage.rae).get(address).content.decode()


@pytest.mark.parametrize(("minutes", "seconds"), [(None, 5.0), (1, 5.0), (5, 10.0), (60, 30.0)])
def test_a_source_is_asked_again_as_often_as_its_figure_can_move(minutes: int | None, seconds: float) -> None:
    parameters = {"window_minutes": minutes} if minutes else {}
    planned = PlannedStep({"kind": "check", "provider": "foreign", "check": {"parameters": parameters}})
    assert examining.again_seconds(planned) == seconds


def test_the_words_of_trying_again_name_who_is_asked(stage: Any, vendor: Vendor) -> None:
    rollback = stage.propose(ASKS)
    words = choices.again_words(rollback, rollback.steps.get(), "Foreign", unseen=False)
    assert words == "Foreign is asked again until it answers as wanted or the time is over. Reads only."
