"""What programs see of people and roles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.permissions import may_somewhere
from apps.accounts.rights import SEE_INTERNAL
from apps.accounts.seeing import sees


def person_as_json(person: Person, viewer: Any) -> dict[str, Any]:
    """Return what programs see of a person; the phone number only where `viewer` sees the inside, or their own."""
    told = viewer.pk == person.pk or may_somewhere(viewer, SEE_INTERNAL)
    return {
        "id": str(person.pk),
        "email": person.email,
        "name": person.name,
        "active": person.active,
        "roles": sorted(role.slug for role in person.roles.all()),
        "phone": person.phone if told else None,
        "html_url": settings.BASE_URL + reverse("accounts:person", args=[person.pk]),
    }


def role_as_json(role: Any, viewer: Any) -> dict[str, Any]:
    """Return what programs see of a role of `role_pages.roles_of`; places that `viewer` does not see are left out."""
    return {
        "id": str(role.pk),
        "slug": role.slug,
        "name": role.name,
        "duties": role.duties,
        "rights": role.rights,
        "grants": [_grant(grant) for grant in role.given_in if sees(viewer, grant)],
        "people": [str(person.pk) for person in role.present],
        "substitutes": [str(one.person_id) for one in role.standing_in],
        "html_url": settings.BASE_URL + reverse("accounts:role", args=[role.slug]),
    }


def _grant(grant: Any) -> dict[str, Any]:
    service = grant.service or grant.environment.service
    environment = grant.environment.name if grant.environment else None
    return {"service": service.slug, "environment": environment, "rights": grant.rights}
