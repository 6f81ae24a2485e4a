"""What the pages of people and roles show: who holds what, who stands in, what is missing; and one role."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet

from apps.accounts.gaps import held_roles, needs_of
from apps.accounts.models import Grant, Organisation, Person, Role, Substitute
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, DEEDS
from apps.accounts.seeing import sees


def roles_of(organisation: Organisation) -> QuerySet[Role]:
    """Return the roles with their active holders (`present`), substitutes (`standing_in`) and grants, by name."""
    holders = Person.objects.filter(active=True).select_related("user").order_by("name")
    substitutes = Substitute.objects.select_related("person__user").order_by("position")
    grants = Grant.objects.select_related("service", "environment__service")
    return (
        Role.objects.filter(organisation=organisation)
        .order_by("name")
        .prefetch_related(
            Prefetch("people", holders, "present"),
            Prefetch("substitutes", substitutes, "standing_in"),
            Prefetch("grants", grants, "given_in"),
        )
    )


def overview(viewer: Person) -> dict[str, Any]:
    """Return every role that is held or needed, those that are neither, and every gap, in sentences."""
    found = held_roles(roles_of(viewer.organisation), needs_of(viewer))
    return {
        "held": [one for one in found if one.holders or one.needed],
        "vacant": [one for one in found if not one.holders and not one.needed],
        "gaps": [(one.role, gap) for one in found for gap in one.gaps],
    }


def role(shown: Role, viewer: Person) -> dict[str, Any]:
    """Return one role: who holds it, who stands in, and what it may, everywhere and in places."""
    everybody = held_roles(roles_of(viewer.organisation), needs_of(viewer))
    found = next(one for one in everybody if one.role == shown)
    places: Any = found.role
    return {
        "shown": found,
        "deeds": _deeds(found.role.rights),
        "places": [(grant, _deeds(grant.rights)) for grant in places.given_in if sees(viewer, grant)],
        "may_administer": may(viewer, ADMINISTER),
    }


def _deeds(rights: list[str]) -> list[str]:
    return [DEEDS[right] for right in DEEDS if right in rights]
