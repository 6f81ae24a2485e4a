"""Connections for tests, made by the verb: their credentials have to be sealed."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.providers import lifecycle
from apps.providers.models import Connection
from apps.providers.simulation import Simulators
from apps.timeline.log import SYSTEM
from tests.accounts.factories import OrganisationFactory


class ConnectionFactory(DjangoModelFactory):
    """A connection nobody has checked: ConnectionFactory(organisation=…, simulators=…, provider="upstash").

    With `simulators` it is the account that the simulator of its provider knows.
    """

    class Meta:
        model = Connection

    organisation = factory.SubFactory(OrganisationFactory)
    name = factory.Sequence(lambda number: f"Account {number}")
    provider = "vercel"

    @classmethod
    def _create(cls, model: type[Connection], *args: Any, **kwargs: Any) -> Connection:
        simulators: Simulators | None = kwargs.pop("simulators", None)
        if simulators:
            about = simulators.describe()[kwargs["provider"]]
            kwargs.setdefault("base_url", simulators.address(kwargs["provider"]))
            kwargs.setdefault("settings", about["settings"])
            kwargs.setdefault("credentials", about["credentials"])
        if kwargs["provider"] == "vercel":
            kwargs.setdefault("settings", {"project_id": "prj_1"})
            kwargs.setdefault("credentials", {"token": "a-token"})
        return lifecycle.connect(kwargs.pop("organisation"), by=SYSTEM, **kwargs)
