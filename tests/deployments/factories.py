"""Services, environments and deployments for tests, made by the verbs: they have rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.deployments import lifecycle
from apps.deployments.models import Deployment, Environment, Service
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory


class ServiceFactory(DjangoModelFactory):
    """Something customers use: ServiceFactory(organisation=…, slug="portal")."""

    class Meta:
        model = Service

    organisation = factory.SubFactory(OrganisationFactory)
    slug = factory.Sequence(lambda number: f"service-{number}")
    name = factory.LazyAttribute(lambda service: service.slug)

    @classmethod
    def _create(cls, model: type[Service], *args: Any, **kwargs: Any) -> Service:
        return lifecycle.create_service(kwargs.pop("organisation"), by=SYSTEM, **kwargs)


class EnvironmentFactory(DjangoModelFactory):
    """Production of a service: EnvironmentFactory(service=…, connections={"hosting": connection})."""

    class Meta:
        model = Environment

    service = factory.SubFactory(ServiceFactory)
    name = "production"

    @classmethod
    def _create(cls, model: type[Environment], *args: Any, **kwargs: Any) -> Environment:
        return lifecycle.create_environment(kwargs.pop("service"), by=SYSTEM, **kwargs)


class DeploymentFactory(DjangoModelFactory):
    """A release, live where it is the newest: DeploymentFactory(environment=…, hours_ago=3, good=True)."""

    class Meta:
        model = Deployment

    environment = factory.SubFactory(EnvironmentFactory)
    reference = factory.Sequence(lambda number: f"dpl_{number}")
    version = factory.Sequence(lambda number: f"v1.{number}.0")

    @classmethod
    def _create(cls, model: type[Deployment], *args: Any, **kwargs: Any) -> Deployment:
        hours_ago = kwargs.pop("hours_ago", 0)
        kwargs.setdefault("deployed_at", timezone.now() - timedelta(hours=hours_ago))
        return lifecycle.register_deployment(kwargs.pop("environment"), by=SYSTEM, **kwargs)
