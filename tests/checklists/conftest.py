"""The stage of checklist tests: an incident with one list of three items."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.checklists import lifecycle
from apps.timeline.log import SYSTEM
from tests.accounts.factories import PersonFactory
from tests.incidents.factories import IncidentFactory
from tests.incidents.stage import environment, ian, mallory, page, program, stella

__all__ = ["environment", "ian", "mallory", "page", "program", "stella"]

ITEMS = [
    {"text": "Compare row counts", "role": "technical-lead", "due_at": timezone.now() + timedelta(hours=1)},
    {"text": "Validate share link tokens"},
    {"text": "Review the audit log", "hint": "Look for unusual activity"},
]


@pytest.fixture
def incident(environment):
    return IncidentFactory(environment=environment)


@pytest.fixture
def checklist(incident):
    return lifecycle.open_for(incident, uuid4(), "Data integrity", ITEMS, by=SYSTEM)


@pytest.fixture
def item(checklist):
    return checklist.items.first()


@pytest.fixture
def tess(environment):
    return PersonFactory(organisation=environment.organisation, roles=["technical-lead"], name="Tess Technical")
