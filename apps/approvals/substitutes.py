"""People named beforehand who take a silent seat once its time is up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from apps.accounts.models import Person, Substitute


def named_for(requester: Person, seats: Sequence[Sequence[str]]) -> list[list[UUID]]:
    """Return, for each seat's roles, the active people named as substitutes, in their order. One query.

    Whoever asks can never stand in.
    """
    wanted = {role for roles in seats for role in roles}
    if not wanted:
        return [[] for _ in seats]
    rows = Substitute.objects.filter(
        organisation_id=requester.organisation_id, role__slug__in=wanted, person__active=True
    ).exclude(person=requester)
    named: dict[str, list[UUID]] = defaultdict(list)
    for slug, person in rows.order_by("position", "pk").values_list("role__slug", "person_id"):
        named[slug].append(person)
    return [list(dict.fromkeys(person for role in roles for person in named[role])) for roles in seats]
