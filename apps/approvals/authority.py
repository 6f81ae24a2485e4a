"""The authority preview: if this happens, there and at that severity, who can agree, and can they be reached?

Reads only. What a role may do is asked of `may`, in the place where it would happen, as a vote would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.accounts.models import Organisation, Person
from apps.accounts.permissions import may
from apps.approvals.kinds import QUESTIONS, SEVERITIES
from apps.approvals.permissions import role_names
from apps.approvals.procedures import Procedure, procedures_of
from apps.approvals.rules import listed, seats
from apps.approvals.ruling import Ruling, rule_for
from apps.approvals.seating import unfilled
from apps.timeline.answers import Unacceptable


@dataclass(frozen=True)
class Wanted:
    """What somebody asks about. `procedure` and `environment` may be empty: then nothing is known of them."""

    kind: str = "rollback.start"
    severity: str = "P1"
    procedure: Procedure | None = None
    environment: Any = None
    impacts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sitter:
    """Somebody who could sit, or why not; how to reach them, and when they were last here."""

    person: Person
    role: str
    because: str = ""
    substitute: bool = False

    @property
    def can(self) -> bool:
        """Whether they could cast this vote."""
        return not self.because

    @property
    def phone(self) -> str:
        """Their telephone number, or an empty text."""
        return self.person.phone

    @property
    def last_seen(self) -> datetime | None:
        """When they last signed in; None where they never did."""
        return self.person.user.last_login if self.person.user else None


@dataclass(frozen=True)
class SeatView:
    """One vote that is needed: for which roles, and who could cast it. `gap` says what is wrong with it."""

    position: int
    roles: str
    sitters: tuple[Sitter, ...]
    substitutes: tuple[Sitter, ...]
    gap: str = ""


@dataclass(frozen=True)
class Authority:
    """The answer: the ruling, its seats, who is told, and whose asking would leave a seat without anybody."""

    ruling: Ruling
    seats: tuple[SeatView, ...]
    told_after: tuple[Sitter, ...]
    ladder: tuple[str, ...]
    blocks: tuple[Person, ...]

    @property
    def possible(self) -> bool:
        """Whether the seats can be filled at all, each by somebody else."""
        return not any(seat.gap for seat in self.seats)


def preview(organisation: Organisation, wanted: Wanted) -> Authority:
    """Return who could agree to what is `wanted`. Costs a few queries, and two for each person asked about."""
    ruling = rule_for(
        organisation,
        kind=wanted.kind,
        severity=wanted.severity,
        procedure=wanted.procedure.slug if wanted.procedure else "",
        environment=wanted.environment,
        impacts=wanted.impacts | (wanted.procedure.impacts if wanted.procedure else frozenset()),
        otherwise=wanted.procedure.own(wanted.severity) if wanted.procedure else None,
    )
    people = _People(organisation, ruling, wanted.environment or organisation)
    needed = seats(ruling.demand)
    able = [people.able(roles) for roles in needed]
    empty = set(unfilled(able))
    shown = tuple(_seat(at, roles, people, at in empty) for at, roles in enumerate(needed))
    told = people.sitting(ruling.told_after)
    return Authority(ruling, shown, told, people.ladder(ruling), people.whose_asking_blocks(able))


def read_wanted(organisation: Organisation, given: Mapping[str, Any], environment: Any) -> Wanted:
    """Return what a page or a program asks about. Raises Unacceptable, naming the field."""
    kind, severity = given.get("kind") or "rollback.start", given.get("severity") or "P1"
    if kind not in QUESTIONS:
        raise Unacceptable(f"kind: give one of {', '.join(QUESTIONS)}.", field="kind")
    if severity not in SEVERITIES:
        raise Unacceptable(f"severity: give one of {', '.join(SEVERITIES)}.", field="severity")
    procedures = {one.slug: one for one in procedures_of(organisation.pk)}
    slug = given.get("procedure") or ""
    if slug and slug not in procedures:
        raise Unacceptable("procedure: there is no such thing here.", code="unknown_reference", field="procedure")
    return Wanted(kind, severity, procedures.get(slug), environment, frozenset(given.get("impacts") or ()))


class _People:
    """Who holds which role, who was named for it, and whether each may cast such a vote there."""

    def __init__(self, organisation: Organisation, ruling: Ruling, place: Any) -> None:
        self.names = role_names(organisation.pk)
        self.right, self.place = ruling.right, place
        wanted = {role for roles in (*seats(ruling.demand), ruling.told_after) for role in roles}
        here = Person.objects.filter(organisation=organisation, active=True).select_related("user").order_by("name")
        holders = here.filter(roles__slug__in=wanted).distinct().prefetch_related("roles")
        named = here.filter(substitutes_for__role__slug__in=wanted).distinct()
        named = named.prefetch_related("substitutes_for__role")
        self.holders = {person.pk: (person, {role.slug for role in person.roles.all()}) for person in holders}
        self.named = [
            (person, {one.role.slug: one.position for one in person.substitutes_for.all()}) for person in named
        ]
        self._answers: dict[Any, str] = {}

    def sitting(self, roles: Sequence[str]) -> tuple[Sitter, ...]:
        """Everybody who holds one of the roles; those who cannot vote are there too, with the reason."""
        found = [
            Sitter(person, self._words(roles, held), self._why_not(person))
            for person, held in self.holders.values()
            if held & set(roles)
        ]
        return tuple(sorted(found, key=lambda sitter: (not sitter.can, sitter.person.name)))

    def standing_in(self, roles: Sequence[str]) -> tuple[Sitter, ...]:
        """Everybody who was named for one of the roles, in their order."""
        found = [
            (min(position for role, position in named.items() if role in roles), person, named)
            for person, named in self.named
            if set(named) & set(roles)
        ]
        ordered = sorted(found, key=lambda each: (each[0], each[1].name))
        return tuple(
            Sitter(person, self._words(roles, set(named)), self._why_not(person), substitute=True)
            for _, person, named in ordered
        )

    def able(self, roles: Sequence[str]) -> list[Any]:
        """The keys of those who could take a seat for these roles at once."""
        return [sitter.person.pk for sitter in self.sitting(roles) if sitter.can]

    def whose_asking_blocks(self, able: Sequence[Sequence[Any]]) -> tuple[Person, ...]:
        """Those whose own asking leaves a seat empty that could be filled otherwise: nobody answers themselves."""
        if unfilled(able):
            return ()
        keys = dict.fromkeys(key for seat in able for key in seat)
        alone = [key for key in keys if unfilled([[one for one in seat if one != key] for seat in able])]
        return tuple(self.holders[key][0] for key in alone)

    def ladder(self, ruling: Ruling) -> tuple[str, ...]:
        """Whom to call after how many minutes while nobody decides, in words."""
        return tuple(
            f"After {rung['minutes']} minutes: {listed([self.names.get(role, role) for role in rung['roles']], 'or')}"
            for rung in ruling.ladder
        )

    def _why_not(self, person: Person) -> str:
        if person.pk not in self._answers:
            self._answers[person.pk] = may(person, self.right, self.place).because
        return self._answers[person.pk]

    def _words(self, roles: Sequence[str], held: set[str]) -> str:
        return listed([self.names.get(role, role) for role in roles if role in held], "and")


def _seat(at: int, roles: Sequence[str], people: _People, empty: bool) -> SeatView:
    sitters, named = people.sitting(roles), people.standing_in(roles)
    wanted = listed([people.names.get(role, role) for role in roles], "or")
    return SeatView(at + 1, wanted, sitters, named, _gap(sitters, named) if empty else "")


def _gap(sitters: Sequence[Sitter], named: Sequence[Sitter]) -> str:
    later = " Only a substitute can, once the time is up." if any(one.can for one in named) else ""
    if not sitters:
        return f"Nobody holds this role.{later}"
    if not any(one.can for one in sitters):
        return f"Nobody who holds it may cast this vote here.{later}"
    return f"Everybody who could sit here is needed for another seat.{later}"
