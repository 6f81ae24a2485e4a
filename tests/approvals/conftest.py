"""A cast that is asked: who asks, who agrees, who may stand in, and an environment that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Organisation, Person
from apps.approvals import asking
from apps.approvals.models import Question
from apps.deployments.models import Environment
from tests.accounts.factories import OrganisationFactory, PersonFactory
from tests.deployments.factories import EnvironmentFactory, ServiceFactory

BOTH: Mapping[str, Any] = {"all_of": ["founder", "client-success-lead"]}


@dataclass
class Team:
    """`rae` asks, `ava` (founder) and `cleo` (client success) are asked, `ada` is a technical lead."""

    organisation: Organisation
    environment: Environment
    rae: Person
    ava: Person
    cleo: Person
    ada: Person

    def ask(self, rule: Mapping[str, Any] = BOTH, **more: Any) -> Question:
        """Ask as rae."""
        told = {
            "organisation": self.organisation, "kind": "test.question", "title": "Do it", "url": "/",
            "requester": self.rae, "subject": self.environment, "environment": self.environment,
            "content": {"do": "it"}, "rule": rule,
        }  # fmt: skip
        return asking.ask(**{**told, **more})


def stale(browser: Client) -> None:
    """Let the sign-in be ten minutes old."""
    session = browser.session
    session["account_authentication_methods"] = [
        {**one, "at": one["at"] - 600} for one in session["account_authentication_methods"]
    ]
    session.save()


@pytest.fixture
def team(transactional_db: None) -> Team:
    """The cast, with rights that are committed."""
    organisation = OrganisationFactory(slug="mavericks")
    cast = {
        name: PersonFactory(organisation=organisation, name=name.capitalize(), roles=[role])
        for name, role in {
            "rae": "incident-commander", "ava": "founder", "cleo": "client-success-lead", "ada": "technical-lead",
        }.items()
    }  # fmt: skip
    environment = EnvironmentFactory(service=ServiceFactory(organisation=organisation, slug="portal"))
    return Team(organisation=organisation, environment=environment, **cast)
