"""Whether there is a plan for going back. Playbooks are another app's, which tells this one what it has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from apps.deployments.models import Deployment, Environment
from apps.timeline.answers import Unacceptable


@dataclass(frozen=True)
class Plans:
    """What the playbooks' app answers: is there a playbook of that slug, and which published ones fit."""

    exists: Callable[[Any, str], bool]
    fitting: Callable[[Environment], Collection[str]]


_told: list[Plans] = []


def plans_come_from(*, exists: Callable[[Any, str], bool], fitting: Callable[[Environment], Collection[str]]) -> None:
    """Register who knows the playbooks; called once, from an app's ready().

    `exists(organisation_id, slug)`; `fitting(environment)` returns the slugs of published playbooks for
    going back whose connection roles the environment fills.
    """
    _told[:] = [Plans(exists, fitting)]


def known_plan(environment: Environment, slug: str) -> str:
    """Return the slug of a playbook that the organisation has, or an empty text. Raises Unacceptable."""
    slug = slug.strip()
    if slug and _told and not _told[0].exists(environment.organisation_id, slug):
        raise Unacceptable("There is no playbook of that name.", code="unknown_reference", field="playbook")
    return slug


def has_plan(environment: Environment, deployment: Deployment | None) -> bool:
    """Say whether the deployment brings its playbook along, or a published one fits its environment."""
    fitting = _told[0].fitting(environment) if _told else ()
    if deployment and deployment.playbook:
        return not _told or deployment.playbook in fitting
    return bool(fitting)
