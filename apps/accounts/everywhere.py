"""An account's people in every organisation: what an account is allowed or told is not one organisation's matter."""

from __future__ import annotations

from apps.accounts.models import Person, User
from apps.timeline.second_wall import lowered


def people_of(user: User) -> list[Person]:
    """Return the active people that sign in with this account, in every organisation, each with its organisation."""
    with lowered():
        return list(Person.objects.filter(user=user, active=True).select_related("organisation", "user"))
