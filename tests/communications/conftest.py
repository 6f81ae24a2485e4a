"""The stage of communication tests: an incident whose environment posts to Slack."""

from __future__ import annotations

import pytest

from tests.accounts.factories import OrganisationFactory
from tests.incidents.factories import IncidentFactory, place
from tests.incidents.stage import ian, mallory, page, program, stella
from tests.providers.factories import ConnectionFactory

__all__ = ["ian", "mallory", "page", "program", "stella"]


@pytest.fixture
def environment(db, outside):
    organisation = OrganisationFactory(slug="motion", name="Motion Mavericks")
    chat = ConnectionFactory(organisation=organisation, simulators=outside, provider="slack", name="Slack")
    return place(organisation, connections={"chat": chat})


@pytest.fixture
def incident(environment):
    return IncidentFactory(environment=environment)
