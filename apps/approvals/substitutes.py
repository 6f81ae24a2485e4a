"""People named beforehand who take a silent seat once its time is up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.accounts.models import Person, Substitute
from apps.approvals.models import Question, Seat
from apps.approvals.permissions import role_names
from apps.approvals.rules import listed
from apps.approvals.voters import free_seats


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


def standing_by(question: Question, seats: Sequence[Seat]) -> dict[Any, list[str]]:
    """Return seat id → names of those who may answer for it once its time is up: named then, and still named.

    One query, and none where nobody was named. Whoever has answered already sits elsewhere.
    """
    wanted = {person for seat in seats for person in seat.substitutes}
    if not wanted:
        return {}
    answered = {vote.person_id for vote in question.votes.all()}
    rows = Substitute.objects.filter(
        organisation_id=question.organisation_id, person__in=wanted - answered, person__active=True
    ).select_related("person", "role")
    named: dict[str, dict[UUID, str]] = defaultdict(dict)
    for row in rows:
        named[row.role.slug][row.person_id] = row.person.name
    return {seat.pk: names for seat in seats if (names := _names(seat, named))}


def _names(seat: Seat, named: dict[str, dict[UUID, str]]) -> list[str]:
    known = {person: name for role in seat.roles for person, name in named[role].items()}
    return [known[person] for person in seat.substitutes if person in known]


def now_standing_in(question: Question) -> tuple[list[UUID], str]:
    """Return who may sit now that the time is up, and the sentence that says so: "Ada may answer for Founder now"."""
    free = free_seats(question)
    standing = standing_by(question, free)
    names = role_names(question.organisation_id) if standing else {}
    words = [
        f"{listed(standing[seat.pk], 'or')} may answer for {listed([names.get(x, x) for x in seat.roles], 'or')}"
        for seat in free
        if seat.pk in standing
    ]
    people = dict.fromkeys(person for seat in free if seat.pk in standing for person in seat.substitutes)
    return list(people), f"{listed(words, 'and')} now" if words else ""
