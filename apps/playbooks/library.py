"""Find playbooks and what they say. Reads only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from apps.deployments.models import Environment
from apps.playbooks.definition import Definition, Kind
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.parsing import parse


@lru_cache(maxsize=256)
def _parsed(content: str) -> Definition:
    return parse(content)


def definition_of(revision: Revision) -> Definition:
    """Return what a kept revision says. Its text was read once before it was kept, so this does not fail."""
    return _parsed(revision.content)


def of_organisation(organisation_id: Any) -> QuerySet[Playbook]:
    """Return the organisation's playbooks by name, with their published revision."""
    rows = Playbook.objects.filter(organisation_id=organisation_id).select_related("published__published_by")
    return rows.order_by("name", "slug")


def exists(organisation_id: Any, slug: str) -> bool:
    """Say whether the organisation has a playbook of that slug."""
    return Playbook.objects.filter(organisation_id=organisation_id, slug=slug).exists()


def published_for(environment: Environment, kind: Kind = Kind.ROLLBACK) -> list[Playbook]:
    """Return the published playbooks of that kind whose connection roles the environment fills, by name."""
    connected = frozenset(environment.connections.values_list("role", flat=True))
    rows = of_organisation(environment.organisation_id).filter(kind=kind, published__isnull=False)
    return [playbook for playbook in rows if definition_of(playbook.published).roles_used <= connected]


def fitting_slugs(environment: Environment) -> list[str]:
    """Return the slugs of the published rollback playbooks that fit the environment."""
    return [playbook.slug for playbook in published_for(environment)]


def newest_draft(playbook: Playbook) -> Revision | None:
    """Return the newest draft that came after the published revision, or None."""
    drafts = playbook.revisions.filter(state="draft").order_by("-number")
    published = playbook.published
    return (drafts.filter(number__gt=published.number) if published else drafts).first()
