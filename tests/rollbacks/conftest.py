"""A stage for rollbacks: the portal of a team, a bad release live on the simulated outside, and a cast by role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Organisation, Person
from apps.deployments.models import Deployment, Environment
from apps.incidents import lifecycle as incidents
from apps.incidents.models import Incident
from apps.playbooks import lifecycle as playbooks
from apps.playbooks.models import Revision
from apps.rollbacks import engine, lifecycle, polling, proposing
from apps.rollbacks.models import Rollback
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory

PLAYBOOK = """
version: 1
slug: portal-release-rollback
name: Portal release rollback
approvals: {all_of: [founder, client-success-lead], due_minutes: 5}
steps:
  - {name: Turn off the flags of the release, use: flags.flags_off, with: {flags: "{release.flags}"}}
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
  - {name: Clear cached share links, use: cache.delete_prefix, with: {prefix: "share:"}}
  - {name: The portal answers, check: {path: /api/health, status: 200, within_seconds: 60}}
  - name: Tell the team
    use: chat.post
    with: {text: "Rollback of {release.version} due to {incident.title}."}
    on_failure: continue
"""
ONLY_HOSTING = """
version: 1
slug: only-hosting
name: Only hosting
approvals: {all_of: [founder, client-success-lead]}
steps:
  - {name: Put the previous version back, use: hosting.rollback, with: {deployment: "{target.reference}"}}
"""


@dataclass
class Stage:
    """Everything a story needs: `rae` asks, `ava` (founder) and `cleo` (client success) agree, `mallory` may not."""

    outside: Any
    organisation: Organisation
    rae: Person
    ava: Person
    cleo: Person
    mallory: Person
    environment: Environment
    good: Deployment
    bad: Deployment
    incident: Incident

    def publish(self, text: str = PLAYBOOK) -> Revision:
        """Publish a playbook and return its revision."""
        draft = playbooks.draft(self.organisation, by=SYSTEM, content=text)
        playbooks.publish(draft, by=SYSTEM, comment="For the test")
        return Revision.objects.get(pk=draft.pk)

    def propose(self, text: str = PLAYBOOK, target: Deployment | None = None, **inputs: Any) -> Rollback:
        """Propose a rollback as rae."""
        revision = self.publish(text)
        wish, draft = proposing.prepare(
            self.incident, by=self.rae, revision=revision, target=target or self.good, inputs=inputs
        )
        return proposing.propose(wish, draft)

    def approve(self, rollback: Rollback) -> Rollback:
        """Let both agree."""
        rollback.refresh_from_db()
        for person in (self.ava, self.cleo):
            losses = rollback.question.losses
            lifecycle.vote(
                rollback, by=person, decision="approve", plan_hash=rollback.plan_hash, accepts=losses,
                confirm=rollback.question.confirm,
            )  # fmt: skip
        rollback.refresh_from_db()
        return rollback

    def run(self, rollback: Rollback, until: Callable[[Rollback], bool] | None = None, seconds: float = 60) -> Rollback:
        """Advance as a worker's poll would, until the run rests or `until` holds."""
        ends = timezone.now() + timedelta(seconds=seconds)
        resting = {"succeeded", "failed", "cancelled", "needs_operator", "paused", "rejected", "expired"}
        while timezone.now() < ends:
            if rollback.pk in polling.due():
                engine.advance(rollback.pk)
            rollback.refresh_from_db()
            if until(rollback) if until else rollback.state in resting:
                return rollback
            _until_due(rollback)
        raise AssertionError(
            f"still {rollback.state} after {seconds} s: {[(s.state, s.message) for s in rollback.steps.all()]}"
        )


def _until_due(rollback: Rollback) -> None:
    """Wait for the moment the run itself asked for."""
    import time

    if rollback.wake_at:
        time.sleep(max(0.01, min(1.0, (rollback.wake_at - datetime.now(UTC)).total_seconds())))


@pytest.fixture
def stage(transactional_db: None, outside: Any, quick_engine: None) -> Stage:
    """The portal with a bad release live, and an incident about it."""
    outside.settings("vercel", propagation_seconds=0.5, edge_delay_seconds=0.2)
    team = OrganisationFactory(slug="motion-mavericks")
    rae = PersonFactory(organisation=team, name="Rae", roles=["incident-commander"])
    ava = PersonFactory(organisation=team, name="Ava", roles=["founder"])
    cleo = PersonFactory(organisation=team, name="Cleo", roles=["client-success-lead"])
    mallory = PersonFactory(organisation=team, name="Mallory", roles=["stakeholder"])
    service = ServiceFactory(organisation=team, slug="portal")
    about = outside.describe()
    connections = {
        role: ConnectionFactory(organisation=team, simulators=outside, provider=provider)
        for role, provider in {
            "hosting": "vercel", "flags": "launchdarkly", "cache": "upstash", "chat": "slack", "paging": "pagerduty",
        }.items()
    }  # fmt: skip
    environment = EnvironmentFactory(
        service=service,
        public_url=f"{outside.address('site')}/motion-mavericks",
        serving={"path": "/api/health", "header": "x-deployment-id"},
        connections=connections,
    )
    old, new = (
        next(d for d in about["vercel"]["objects"]["deployments"] if d["version"] == version)
        for version in ("v2.30.4", "v2.31.0")
    )
    good = DeploymentFactory(environment=environment, reference=old["id"], version="v2.30.4", hours_ago=96, good=True)
    bad = DeploymentFactory(
        environment=environment,
        reference=new["id"],
        version="v2.31.0",
        flags=["new-share-links", "share-signing-v2"],
    )
    environment.refresh_from_db()
    incident = incidents.declare(
        team, by=rae, title="Share links fail", severity="P1", service=service, environment=environment
    )
    return Stage(outside, team, rae, ava, cleo, mallory, environment, good, bad, incident)


@pytest.fixture
def second(stage: Stage) -> Person:
    """Somebody else who may decide about steps."""
    return PersonFactory(organisation=stage.organisation, name="Second", roles=["technical-lead"])


@pytest.fixture
def stuck(stage: Stage) -> Rollback:
    """A run whose only step waits for a person: production is not what the plan was made for."""
    rollback = stage.approve(stage.propose(ONLY_HOSTING))
    move_to(stage, "v2.29.1")
    rollback = stage.run(rollback)
    assert rollback.state == "needs_operator"
    return rollback


def move_to(stage: Stage, version: str) -> None:
    """Let somebody else put a version into production, by hand."""
    known = stage.outside.describe()["vercel"]["objects"]["deployments"]
    reference = next(one["id"] for one in known if one["version"] == version)
    stage.outside.do("vercel", "move", project="prj_portal", deployment=reference)
    stage.outside.advance(30)
