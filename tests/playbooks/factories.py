"""Playbooks for tests, made by the verbs: they have rules."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.playbooks import lifecycle
from apps.playbooks.models import Revision
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory
from tests.playbooks.examples import SMALLEST


class RevisionFactory(DjangoModelFactory):
    """A draft of the published example: RevisionFactory(organisation=…, content=…, published=True)."""

    class Meta:
        model = Revision

    organisation = factory.SubFactory(OrganisationFactory)
    content = SMALLEST

    @classmethod
    def _create(cls, model: type[Revision], *args: Any, **kwargs: Any) -> Revision:
        published = kwargs.pop("published", False)
        revision = lifecycle.draft(kwargs.pop("organisation"), by=SYSTEM, content=kwargs.pop("content"))
        return lifecycle.publish(revision, by=SYSTEM, comment="For a test.") if published else revision
