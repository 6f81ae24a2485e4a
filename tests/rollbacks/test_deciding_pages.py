"""What stands beside a decision: whether a worker is alive, who is asked again, which ways out there are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from apps.approvals.reminding import remind
from apps.communications import delivering
from apps.communications.models import Notice
from apps.rollbacks import polling
from apps.rollbacks.models import Rollback, Worker
from apps.rollbacks.planned_words import way_out
from apps.timeline.models import Event
from tests.accounts.conftest import program, sign_in
from tests.deployments.factories import DeploymentFactory
from tests.rollbacks.conftest import Stage

WITH_LOSSES = """
version: 1
slug: with-losses
name: With losses
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Turn off the flags of the release, use: flags.flags_off, with: {flags: "{release.flags}"}}
  - name: Put the previous version back
    use: hosting.rollback
    with: {deployment: "{target.reference}"}
    losses: [{name: links, text: "Share links made by {release.version} stop opening"}]
"""


@pytest.fixture
def planned(stage: Stage) -> Rollback:
    """A rollback that waits for two approvals."""
    return stage.propose()


def test_without_a_worker_the_page_says_so_and_offers_no_approval(stage: Stage, planned: Rollback) -> None:
    browser, path = sign_in(stage.ava), f"/rollbacks/{planned.pk}/"
    page = browser.get(path).content.decode()
    assert "No worker is alive." in page
    assert "Approving is off: no worker is alive to carry it out." in page
    assert "data-approve" not in page
    assert "Reject, and say why" in page
    assert browser.get(f"{path}workers/?were=0").status_code == 204
    polling.beat()
    again = browser.get(f"{path}workers/?were=0").content.decode()
    assert "No worker is alive." not in again
    assert "data-approve" in again
    assert browser.get(f"{path}workers/?were=1").status_code == 204
    Worker.objects.update(beat_at=timezone.now() - timezone.timedelta(minutes=1))
    assert "No worker is alive." in browser.get(f"{path}workers/?were=1").content.decode()


def test_a_vote_counts_even_while_no_worker_is_alive(stage: Stage, planned: Rollback) -> None:
    stage.approve(planned)
    assert planned.state == "queued"


def test_whoever_is_missing_is_asked_again_at_most_once_a_minute(stage: Stage, planned: Rollback) -> None:
    Notice.objects.all().delete()
    browser, path = sign_in(stage.rae), f"/rollbacks/{planned.pk}/"
    assert 'form="ask-again"' in browser.get(path).content.decode()
    address = f"/approvals/{planned.question_id}/reminders/"
    assert browser.post(address, {"seat": "1"})["Location"] == path
    told = Event.objects.get(kind="question.asked_again", subject_id=str(planned.question_id))
    assert (told.actor_name, told.details["missing"]) == ("Rae", "Founder")
    assert Notice.objects.filter(reason=f"asked-again:{told.pk}", text__contains="Founder: please decide").count() == 1
    assert browser.post(address, {"seat": "2"}).status_code == 429
    assert "asked again" in browser.get(path).content.decode()
    delivering.deliver_due()
    assert Event.objects.filter(kind="question.asked_again").count() == 1


def test_programs_ask_again_by_the_same_rules(stage: Stage, planned: Rollback) -> None:
    path = f"/api/v1/approvals/{planned.question_id}/reminders"
    answer = program(stage.rae).post(path, {}, content_type="application/json")
    assert (answer.status_code, answer.json()["missing"]) == (201, "Founder and Client Success Lead")
    again = program(stage.ava).post(path, {}, content_type="application/json")
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) <= 61
    assert program(stage.mallory).post(path, {}, content_type="application/json").status_code == 403


def test_nobody_is_asked_again_when_nobody_is_missing(stage: Stage, planned: Rollback) -> None:
    from apps.timeline.answers import Refused

    stage.approve(planned)
    with pytest.raises(Refused, match="no longer open"):
        remind(planned.question, by=stage.rae)


def test_the_ways_out_stand_beside_each_other_with_what_is_known(stage: Stage) -> None:
    stage.bad.losses = ["Share links made since then stop opening"]
    stage.bad.save()
    DeploymentFactory(environment=stage.environment, version="v2.30.3", hours_ago=200, good=True)
    planned = stage.propose()
    page = sign_in(stage.ava).get(f"/rollbacks/{planned.pk}/").content.decode()
    for wanted in (
        "Roll back to v2.30.4", "Only turn off 2 flags of the release", "Roll back further, to v2.30.3",
        "Fix v2.31.0 and go forward", "Do nothing", "nobody can say", "not proven",
    ):  # fmt: skip
        assert wanted in page
    done = stage.run(stage.approve(planned))
    assert "Ways out" not in sign_in(stage.ava).get(f"/rollbacks/{done.pk}/").content.decode()


def test_what_a_step_loses_stands_where_the_way_out_ends(stage: Stage) -> None:
    planned = stage.propose(WITH_LOSSES)
    plan: dict[str, Any] = json.loads(bytes(planned.plan.canonical))
    assert plan["losses"] == plan["steps"][1]["losses"] == ["Share links made by v2.31.0 stop opening"]
    lines = {line["fact"]: line["text"] for line in way_out(plan)}
    assert lines["From step 2 on"].startswith("this stays lost: Share links made by v2.31.0 stop opening.")
    assert "Until step 2" in lines
