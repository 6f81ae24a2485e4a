"""Where nobody would answer: roles that are needed and nobody holds, or one person alone, or one who cannot be called.

Rules and playbooks stand above this app, so they say here which roles they need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import Person, Role
from apps.accounts.places import ANYWHERE, Place
from apps.accounts.seeing import sight_of


@dataclass(frozen=True)
class Need:
    """Something needs a holder of one of these roles (slugs). `why` names it: "the rule Payments".

    Whoever does not see its `place` does not read of it.
    """

    roles: tuple[str, ...]
    why: str
    place: Place = ANYWHERE


@dataclass
class Held:
    """One role with who holds it, who stands in, what needs it, and what is missing."""

    role: Role
    holders: Sequence[Person]
    substitutes: Sequence[Person]
    needed_by: Sequence[str]
    gaps: list[str] = field(default_factory=list)

    @property
    def needed(self) -> bool:
        """Whether a rule or a playbook counts on this role."""
        return bool(self.needed_by)


Asked = Callable[[Any], Iterable[Need]]
_known: list[Asked] = []


def offer_needs(ask: Asked) -> None:
    """Register who knows which roles are needed, given an organisation's id; called from an app's ready()."""
    _known.append(ask)


def needs_of(viewer: Person) -> list[Need]:
    """Return everything that needs somebody in a role, as far as `viewer` sees it."""
    sight = sight_of(viewer)
    return [need for ask in _known for need in ask(viewer.organisation_id) if sight.holds(need.place)]


def reachable(person: Person) -> bool:
    """Return whether a person can be called, or has been here at least once."""
    return bool(person.phone) or (person.user is not None and person.user.last_login is not None)


def held_roles(roles: Iterable[Role], needs: Sequence[Need]) -> list[Held]:
    """Return each role with its gaps. Roles come with `present` (active holders) and `standing_in` prefetched."""
    by_slug = {role.slug: role for role in roles}
    return [_held(role, needs, by_slug) for role in by_slug.values()]


def twins(people: Iterable[Person]) -> list[list[Person]]:
    """Return the active people who share a name. One human with two addresses here would count as two in a vote."""
    by_name: dict[str, list[Person]] = {}
    for person in people:
        if person.active:
            by_name.setdefault(" ".join(person.name.casefold().split()), []).append(person)
    return [same for same in by_name.values() if len(same) > 1]


def _held(role: Any, needs: Sequence[Need], by_slug: dict[str, Any]) -> Held:
    why = sorted({need.why for need in needs if role.slug in need.roles})
    substitutes = [one.person for one in role.standing_in if one.person.active]
    found = Held(role, role.present, substitutes, why)
    alone = [need.why for need in needs if need.roles == (role.slug,)]
    empty = [need.why for need in needs if role.slug in need.roles and not _anybody(need, by_slug)]
    if not role.present and empty:
        found.gaps.append(f"Nobody holds it, and {_some(empty)} {'needs' if len(set(empty)) == 1 else 'need'} it.")
    if len(role.present) == 1 and not substitutes and alone:
        found.gaps.append(f"{role.present[0].name} holds it alone, with nobody named to stand in.")
    if why:
        found.gaps += [
            f"{person.name} cannot be reached: no phone number, and never signed in."
            for person in role.present
            if not reachable(person)
        ]
    return found


def _anybody(need: Need, by_slug: dict[str, Any]) -> bool:
    return any(by_slug[slug].present for slug in need.roles if slug in by_slug)


def _some(names: Sequence[str]) -> str:
    first, *rest = sorted(set(names))
    return first if not rest else f"{first} and {len(rest)} more"
