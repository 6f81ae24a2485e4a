"""Rollbacks to measure: a team, a playbook of so many steps that do nothing, and for each run its own environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Organisation, Person
from apps.incidents import lifecycle as incidents
from apps.playbooks import lifecycle as playbooks
from apps.playbooks.models import Revision
from apps.providers.models import Connection
from apps.rollbacks import lifecycle, proposing
from apps.rollbacks.models import Rollback
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import DeploymentFactory, EnvironmentFactory, ServiceFactory
from tests.providers.factories import ConnectionFactory

PLAYBOOK = """
version: 1
slug: {slug}
name: Nothing {slug}
approvals: {{all_of: [founder], due_minutes: 30}}
steps:
{steps}
"""


@dataclass
class Team:
    """`rae` asks and `ava` (founder) agrees; `connection` is what the steps use."""

    organisation: Organisation
    rae: Person
    ava: Person
    connection: Connection

    @classmethod
    def make(cls) -> Team:
        """Make a team whose hosting does nothing."""
        organisation = OrganisationFactory()
        rae = PersonFactory(organisation=organisation, name="Rae", roles=["incident-commander"])
        ava = PersonFactory(organisation=organisation, name="Ava", roles=["founder"])
        return cls(organisation, rae, ava, ConnectionFactory(organisation=organisation, provider="noop"))

    def playbook(self, steps: int, action: str = "nothing") -> Revision:
        """Publish a playbook of so many steps."""
        line = "  - {{name: Step {n}, use: hosting.{action}, with: {{what: thing {n}}}}}"
        lines = "\n".join(line.format(n=n, action=action) for n in range(1, steps + 1))
        return self.publish(f"{action}-{steps}", lines)

    def publish(self, slug: str, steps: str) -> Revision:
        """Publish a playbook of the steps that are given as lines of YAML."""
        text = PLAYBOOK.format(slug=slug, steps=steps)
        draft = playbooks.draft(self.organisation, by=SYSTEM, content=text)
        playbooks.publish(draft, by=SYSTEM, comment="For a benchmark")
        return Revision.objects.get(pk=draft.pk)

    def propose(self, revision: Revision, **about: Any) -> Rollback:
        """Propose a rollback in a new environment with a bad release. `about` goes to the environment."""
        about.setdefault("connections", {"hosting": self.connection})
        environment = EnvironmentFactory(service=ServiceFactory(organisation=self.organisation), **about)
        good = DeploymentFactory(environment=environment, hours_ago=96, good=True)
        DeploymentFactory(environment=environment)
        environment.refresh_from_db()
        incident = incidents.declare(
            self.organisation, by=self.rae, title="It is slow", severity="P2", service=environment.service,
            environment=environment,
        )  # fmt: skip
        wish, draft = proposing.prepare(incident, by=self.rae, revision=revision, target=good, inputs={})
        return proposing.propose(wish, draft)

    def approve(self, rollback: Rollback) -> None:
        """Give the one vote that is needed."""
        question = rollback.question
        lifecycle.vote(
            rollback, by=self.ava, decision="approve", plan_hash=rollback.plan_hash, accepts=question.losses,
            confirm=question.confirm,
        )  # fmt: skip
