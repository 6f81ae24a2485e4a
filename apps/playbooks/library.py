"""Find playbooks and what they say. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Role
from apps.approvals.procedures import Procedure
from apps.deployments.models import Environment
from apps.playbooks.catalogue import Catalogue, installed
from apps.playbooks.choices import Kind
from apps.playbooks.definition import Definition
from apps.playbooks.models import Playbook, Revision
from apps.playbooks.own_rule import impacts_of, own_rule
from apps.playbooks.parsing import parse


@lru_cache(maxsize=256)
def _parsed(content: str) -> Definition:
    return parse(content)


def definition_of(revision: Revision) -> Definition:
    """Return what a kept revision says. Its text was read once before it was kept, so this does not fail."""
    return _parsed(revision.content)


def catalogue_for(organisation_id: Any) -> Catalogue:
    """Return what the installed providers can do and which roles people can hold in the organisation."""
    roles = Role.objects.filter(organisation_id=organisation_id).values_list("slug", flat=True)
    return replace(installed(), people_roles=frozenset(roles))


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
    return [one for one in rows if one.published and definition_of(one.published).roles_used <= connected]


def fitting_slugs(environment: Environment) -> list[str]:
    """Return the slugs of the published rollback playbooks that fit the environment."""
    return [playbook.slug for playbook in published_for(environment)]


def procedures(organisation_id: Any) -> list[Procedure]:
    """Return the published playbooks as the procedures that rules are about."""
    rows = of_organisation(organisation_id).filter(published__isnull=False)
    return [_procedure(playbook, playbook.published) for playbook in rows if playbook.published]


def _procedure(playbook: Playbook, published: Revision) -> Procedure:
    definition = definition_of(published)
    own = partial(own_rule, definition, published.number)
    return Procedure(playbook.slug, playbook.name, own, impacts_of(definition, installed()))


def newest_draft(playbook: Playbook) -> Revision | None:
    """Return the newest draft that came after the published revision, or None."""
    return newest_drafts([playbook]).get(playbook.pk)


def newest_drafts(playbooks: Iterable[Playbook]) -> dict[Any, Revision]:
    """Return the newest draft after the published revision, by the key of each playbook that has one."""
    published = {one.pk: one.published.number if one.published else 0 for one in playbooks}
    drafts = Revision.objects.filter(playbook__in=published, state="draft").order_by("number")
    found = drafts.select_related("created_by", "playbook")
    return {draft.playbook_id: draft for draft in found if draft.number > published[draft.playbook_id]}
