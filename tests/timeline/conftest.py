"""A team whose record can be written to and forged."""

from __future__ import annotations

import pytest

from apps.accounts.models import Organisation
from tests.accounts.factories import OrganisationFactory
from tests.timeline import forging


@pytest.fixture
def team(transactional_db: None) -> Organisation:
    """An organisation whose changes are really committed."""
    return OrganisationFactory()


@pytest.fixture
def told(team: Organisation) -> Organisation:
    """An organisation with ten events."""
    forging.tell(team, 10)
    return team
