"""Connect the demo's teams with the simulators of the systems that their own plans name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.accounts.models import Organisation
from apps.demo.world import Team
from apps.deployments import lifecycle as deployments
from apps.deployments.models import Environment
from apps.providers import lifecycle as providers
from apps.providers import registry
from apps.providers.models import Connection
from apps.timeline.log import SYSTEM


def connect(organisation: Organisation, slug: str, about: Mapping[str, Any]) -> Connection:
    """Return a new connection to the organisation's account at one simulator, `about` being what they describe."""
    account = about[slug]["organisations"][organisation.slug]
    return providers.connect(
        organisation,
        by=SYSTEM,
        name=f"{registry.provider(slug).name} of {organisation.name}",
        provider=slug,
        base_url=about[slug]["base_url"],
        settings=account["settings"],
        credentials=account["credentials"],
    )


def connect_besides(team: Team, organisation: Organisation, about: Mapping[str, Any]) -> None:
    """Connect what the team has and no environment uses by a role."""
    had = set(Connection.objects.filter(organisation=organisation).values_list("provider", flat=True))
    for slug in team.besides:
        if slug not in had:
            connect(organisation, slug, about)


def ask_what_we_may(team: Team) -> None:
    """Check what nobody has checked yet, as whoever connects something does next. Outside of any transaction."""
    for connection in Connection.objects.filter(organisation__slug=team.slug, checked_at=None):
        providers.check(connection, by=SYSTEM)


def bring_up_to_date(team: Team, organisation: Organisation, about: Mapping[str, Any]) -> None:
    """Follow the simulators to their new addresses, and connect what an older demo did not have."""
    for connection in Connection.objects.filter(organisation=organisation):
        if connection.provider in about and connection.base_url != about[connection.provider]["base_url"]:
            connection.base_url = about[connection.provider]["base_url"]
            connection.save(update_fields=["base_url"])
    for environment in Environment.objects.filter(organisation=organisation):
        had = set(environment.connections.values_list("role", flat=True))
        new = {role: connect(organisation, slug, about) for role, slug in team.connections.items() if role not in had}
        if new:
            deployments.change_environment(environment, by=SYSTEM, connections=new)
    connect_besides(team, organisation, about)
