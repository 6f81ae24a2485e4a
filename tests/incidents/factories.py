"""Incidents for tests, with the place where they happen. What has rules is reached through the verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.accounts.models import Organisation
from apps.deployments import lifecycle as deployments
from apps.deployments.models import Deployment, Environment
from apps.incidents import lifecycle
from apps.incidents.models import Incident
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory


def place(organisation: Organisation | None = None, slug: str = "portal", **more: Any) -> Environment:
    """Return a production environment with a service of its own."""
    organisation = organisation or OrganisationFactory()
    service = deployments.create_service(organisation, by=SYSTEM, slug=slug, name=slug, audience="agencies")
    return deployments.create_environment(service, by=SYSTEM, name="production", **more)


def released(environment: Environment, version: str, minutes_ago: float, **more: Any) -> Deployment:
    """Return a deployment that went live so many minutes ago."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    reference = more.pop("reference", f"dpl_{version}")
    return deployments.register_deployment(
        environment, by=SYSTEM, reference=reference, version=version, deployed_at=at, **more
    )


class IncidentFactory(DjangoModelFactory):
    """An incident in an environment: IncidentFactory(environment=…, by=…, title=…)."""

    class Meta:
        model = Incident

    by = SYSTEM
    title = "Share links fail for agencies"
    severity = "P1"
    environment = factory.LazyFunction(place)

    @classmethod
    def _create(cls, model: type[Incident], *args: Any, **kwargs: Any) -> Incident:
        environment = kwargs["environment"]
        return lifecycle.declare(environment.organisation, service=environment.service, **kwargs)
