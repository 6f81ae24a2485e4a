"""What the pages of people and profiles show."""

from __future__ import annotations

from typing import Any

from apps.accounts import gaps, role_pages, second_factors, sessions
from apps.accounts.models import Person, Role, Token
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, DEEDS, SEE_INTERNAL


def people(viewer: Person) -> dict[str, Any]:
    """Return every role with its people and what is missing, those without a role, and those who left."""
    everybody = Person.objects.filter(organisation=viewer.organisation).order_by("name")
    active = list(everybody.filter(active=True).prefetch_related("roles"))
    return {
        **role_pages.overview(viewer),
        "twins": gaps.twins(active),
        "without_role": [person for person in active if not person.roles.all()],
        "gone": list(everybody.filter(active=False)),
        "may_administer": may(viewer, ADMINISTER),
    }


def person(shown: Person, viewer: Person) -> dict[str, Any]:
    """Return one person with the roles they hold and those they could be given."""
    roles = Role.objects.filter(organisation_id=shown.organisation_id).order_by("name")
    held = {role.pk for role in shown.roles.all()}
    return {
        "shown": shown,
        "held": [role for role in roles if role.pk in held],
        "free": [role for role in roles if role.pk not in held],
        "deeds": sorted({DEEDS[right] for role in roles if role.pk in held for right in role.rights}),
        "has_password": shown.has_password,
        "factors": second_factors.of(shown.user) if shown.user else [],
        "may_call": may(viewer, SEE_INTERNAL),
        "may_change_contact": viewer.pk == shown.pk or bool(may(viewer, ADMINISTER)),
        "may_administer": may(viewer, ADMINISTER),
    }


def profile(viewer: Person) -> dict[str, Any]:
    """Return one's own roles, tokens, second factors and sessions, newest first."""
    factors = second_factors.of(viewer.user)
    return {
        "factors": factors,
        "has_app": any(not factor.is_passkey for factor in factors),
        "codes_left": second_factors.codes_left(viewer.user),
        "sessions": sessions.of(viewer.user),
        "roles": list(viewer.roles.order_by("name")),
        "tokens": list(Token.objects.filter(person=viewer).order_by("-created_at")),
    }
