"""A run tells the public and asks whether money, people, pages and videos are well: each provider by its role."""

from __future__ import annotations

from typing import Any

import pytest

from apps.deployments.models import EnvironmentConnection
from apps.rollbacks import examining
from apps.rollbacks.models import Rollback
from tests.providers.factories import ConnectionFactory

HEAD = """
version: 1
slug: tells
name: Tells
approvals: {all_of: [founder, client-success-lead]}
steps:
"""
TELLS = f"""{HEAD}
  - name: Open an incident
    use: status.create
    with:
      name: "{{incident.title}}"
      body: "We put the previous version back."
      components: {{Share links: major_outage}}
  - name: Tell the customers
    use: mail.send
    with: {{to: [ada@harbour.example, bo@harbour.example], subject: "{{incident.title}}", text: "We are on it."}}
  - name: Say what was found
    use: status.update
    with: {{incident: "{{incident.title}}", body: "Found.", status: identified}}
  - name: Say that it is over
    use: status.resolve
    with: {{incident: "{{incident.title}}", body: "Over."}}
"""
ASKS = f"""{HEAD}
  - {{name: Payments answer, check: {{use: payments.balance, with: {{}}, within_seconds: 5}}}}
  - {{name: People can sign in, check: {{use: identity.users, with: {{at_least: 10}}, within_seconds: 5}}}}
  - {{name: Videos play, check: {{use: media.playback, with: {{playback_id: MOTIONMAReadyPlay}}, within_seconds: 5}}}}
  - name: Pages are as fast as before
    check:
      use: metrics.change
      with: {{category: performance, window_minutes: 60, above: -3, baseline: 4be02aa}}
      within_seconds: 5
"""


@pytest.fixture
def connect(stage: Any) -> Any:
    """Give the environment connections to simulated providers by their roles."""

    def connected(**roles: str) -> None:
        for role, slug in roles.items():
            connection = ConnectionFactory(
                organisation=stage.organisation, provider=slug, simulators=stage.outside, name=slug
            )
            EnvironmentConnection.objects.create(
                organisation=stage.organisation, environment=stage.environment, role=role, connection=connection
            )

    return connected


def steps(rollback: Rollback) -> list[tuple[str, str]]:
    return [(step.state, step.message) for step in rollback.steps.order_by("position")]


@pytest.mark.parametrize("page", ["statuspage", "cachet"])
def test_one_playbook_opens_updates_and_resolves_on_either_status_page(stage: Any, connect: Any, page: str) -> None:
    connect(status=page, mail="resend")
    rollback = stage.run(stage.approve(stage.propose(TELLS)))
    assert rollback.state == "succeeded", steps(rollback)
    shown = stage.outside.do(page, "look", organisation="motion-mavericks")
    told = list(shown["incidents"].values())[-1]
    assert (told["name"], told["status"]) == (stage.incident.title, 4 if page == "cachet" else "resolved")
    assert len(stage.outside.effects(page)) == 3
    assert [len(effect["mails"]) for effect in stage.outside.effects("resend")] == [2]


@pytest.mark.parametrize("page", ["statuspage", "cachet"])
def test_lost_answers_are_found_out_and_nobody_is_told_twice(stage: Any, connect: Any, page: str) -> None:
    connect(status=page, mail="resend")
    rollback = stage.approve(stage.propose(TELLS))
    for slug in (page, "resend"):
        stage.outside.fault("reset_after", slug=slug, times=2)
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded", steps(rollback)
    assert len(stage.outside.effects(page)) == 3
    (mailed,) = stage.outside.effects("resend")
    assert mailed["to"] == ["ada@harbour.example", "bo@harbour.example"]


def test_checks_of_four_providers_prove_that_all_is_well(stage: Any, connect: Any) -> None:
    connect(payments="stripe", identity="clerk", media="mux", metrics="lighthouse")
    stage.outside.do("lighthouse", "measure", organisation="motion-mavericks", hash="4be02aa" * 5)
    rollback = stage.run(stage.approve(stage.propose(ASKS)))
    assert rollback.state == "succeeded", steps(rollback)
    assert [message for _, message in steps(rollback)][:3] == [
        "Stripe answers with the live balance (EUR).",
        "Clerk answers with 40 users; wanted at least 10.",
        "The stream can be watched.",
    ]


def test_pages_that_stay_slow_fail_their_step(stage: Any, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "LONGEST_EXAMINE_AGAIN_SECONDS", 1.0)  # the clock scaled down
    connect(payments="stripe", identity="clerk", media="mux", metrics="lighthouse")
    rollback = stage.run(stage.approve(stage.propose(ASKS.replace("within_seconds: 5", "within_seconds: 1"))))
    assert rollback.state == "failed"
    assert [state for state, _ in steps(rollback)] == ["succeeded", "succeeded", "succeeded", "failed"]
    assert "wanted above -3 points" in steps(rollback)[-1][1]
