"""Give every organisation the shipped playbooks that fit one of its environments."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Organisation
from apps.deployments.events import ENVIRONMENT_CREATED
from apps.deployments.models import Environment
from apps.playbooks import library
from apps.playbooks.lifecycle import keep_shipped
from apps.playbooks.models import Playbook
from apps.playbooks.shipped import shipped
from apps.timeline.log import SYSTEM


def publish_shipped(organisation: Organisation, *, by: Any = SYSTEM) -> list[Playbook]:
    """Publish as revision 1 every shipped playbook that fits and is not there yet; return those.

    Safe to call as often as one likes: a playbook the organisation has, in whatever revision, is left alone.
    """
    places = [_place(environment) for environment in _environments(organisation)]
    made = []
    for one in shipped():
        fits = any(one.fits(organisation.slug, services, connected) for services, connected in places)
        if fits and not library.exists(organisation.pk, one.definition.slug):
            made.append(keep_shipped(organisation, one.text, one.definition, by=by))
    return [playbook for playbook in made if playbook is not None]


def listen(sender: Any, *, kind: str, organisation_id: Any, **more: Any) -> None:
    """Publish what fits as soon as an organisation has a new environment.

    Only a shortcut: `bin/portal prepare` does the same for every organisation at each start.
    """
    if kind == ENVIRONMENT_CREATED.name:
        publish_shipped(Organisation.objects.get(pk=organisation_id))


def _environments(organisation: Organisation) -> list[Environment]:
    rows = Environment.objects.filter(organisation=organisation)
    return list(rows.select_related("service").prefetch_related("connections"))


def _place(environment: Environment) -> tuple[frozenset[str], frozenset[str]]:
    connected = frozenset(use.role for use in environment.connections.all())
    return frozenset({environment.service.slug}), connected
