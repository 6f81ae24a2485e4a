"""What one person could answer as: roles that have the right where a question is, and seats they were named for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import Person, Role, RoleHolding, Substitute
from apps.approvals.models import Question, Seat

RIGHT = "role__group__groupobjectpermission__permission__codename"
PLACE = "role__group__groupobjectpermission__object_pk"


class Seated(NamedTuple):
    """A free seat, the role in which somebody would take it, and whether they would stand in for its holders."""

    seat: Seat
    role: str
    standing_in: bool = False


@dataclass
class Voter:
    """A person with every right that each of their roles has anywhere."""

    person: Person
    held: frozenset[str]
    rights: frozenset[tuple[str, str, str]]  # role, right, id of the place

    @cached_property
    def substitute_for(self) -> frozenset[str]:
        """The roles that they are a named substitute for. One query, once."""
        named = Substitute.objects.filter(person=self.person)
        return frozenset(named.values_list("role__slug", flat=True))

    def roles_in(self, question: Question) -> frozenset[str]:
        """Return the roles through which they have the question's right where the question is."""
        places = places_of(question)
        return frozenset(role for role, right, place in self.rights if right == question.right and place in places)

    def could_take(self, question: Question, seat: Seat, now: datetime, role: str = "") -> Seated | None:
        """Return how they could take this seat at `now`, in `role` if one is given; None when they cannot."""
        rightful = self.roles_in(question)
        fitting = [each for each in seat.roles or sorted(rightful) if each in rightful and role in {"", each}]
        if fitting:
            return Seated(seat, fitting[0])
        if not (self.is_named(seat) and seat.substitutes_from and now >= seat.substitutes_from):
            return None
        named = [each for each in seat.roles if each in self.substitute_for and role in {"", each}]
        return Seated(seat, named[0], True) if named else None

    def is_named(self, seat: Seat) -> bool:
        """Say whether they were a named substitute for the seat when it was asked, and still are."""
        return self.person.pk in seat.substitutes and bool(self.substitute_for.intersection(seat.roles))


class Nobody(Voter):
    """Somebody who has left: no role of theirs counts, and they stand in for nobody."""

    substitute_for = frozenset()


def voter(person: Person) -> Voter:
    """Read what a person could answer as, wherever. One query; nobody without a living account can answer."""
    if not person.active or person.user is None or not person.user.is_active:
        return Nobody(person, frozenset(), frozenset())
    rows = list(RoleHolding.objects.filter(person=person).values_list("role__slug", RIGHT, PLACE))
    return Voter(
        person,
        frozenset(role for role, _, _ in rows),
        frozenset((role, right, place) for role, right, place in rows if right is not None),
    )


def free_seats(question: Question) -> list[Seat]:
    """Return the seats without a standing vote. No query where seats and votes were prefetched."""
    taken = {vote.seat_id for vote in question.votes.all()}
    return [seat for seat in question.seats.all() if seat.pk not in taken]


def holders_of(question: Question, roles: Sequence[str]) -> QuerySet[RoleHolding]:
    """Return who holds one of `roles` with the question's right in its place, without whoever asked; all roles if
    none are given."""
    found = RoleHolding.objects.filter(
        organisation_id=question.organisation_id, person__active=True, person__user__is_active=True,
        role__in=rightful_roles(question),
    ).exclude(person_id=question.requester_id)  # fmt: skip
    return found.filter(role__slug__in=list(roles)) if roles else found


def rightful_roles(question: Question) -> QuerySet[Role]:
    """Return the roles that have the question's right in its place, as django-guardian has it."""
    granted = Q(
        group__groupobjectpermission__permission__codename=question.right,
        group__groupobjectpermission__object_pk__in=places_of(question),
    )
    return Role.objects.filter(granted, organisation_id=question.organisation_id).distinct()


def places_of(question: Question) -> frozenset[str]:
    """Return the ids of the places in which a right counts for the question: they are never the same by chance."""
    ids: tuple[UUID | Any, ...] = (question.organisation_id, question.service_id, question.environment_id)
    return frozenset(str(each) for each in ids if each is not None)
