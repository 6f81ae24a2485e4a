"""Which of the rules that match decides: procedure over severity, restores by their own rule, then the strictest. Pure.

Three steps, in this order (`decide`):

1. A rule that was written for severities, and not for the procedure, steps back where a rule of the procedure asks
   somebody. So “P0 starts at once” never overrides “the CTO for every restore”. A rule that asks nobody makes no other
   rule step back.
2. Where a rule about restores asks somebody, a rule whose voters would not satisfy it steps back.
3. The strictest of the rest decides. Stricter is: more votes; then seats for fewer roles; then more people told
   afterwards; the playbook's own rule after a rule of the organisation; and last, so that the order is total, the name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.approvals.rules import seats

ANYBODY = 1000  # roles of a seat that everybody with the right may take


@dataclass(frozen=True)
class Candidate:
    """One rule that matches: who must agree, its clocks, and what it was written for."""

    name: str
    demand: Mapping[str, Any] = field(default_factory=dict)
    of_procedure: bool = False
    of_severity: bool = False
    of_restore: bool = False
    own: bool = False  # the playbook's own rule
    fallback: bool = False  # counts only where nothing else matches
    severities: tuple[str, ...] = ()
    due_minutes: int | None = None
    expires_minutes: int | None = None
    ladder: tuple[Mapping[str, Any], ...] = ()
    told_after: tuple[str, ...] = ()
    told_within_minutes: int = 60
    because: str = ""
    key: str = ""  # the rule's id; empty for the playbook's own

    @property
    def asks(self) -> bool:
        """Whether anybody must agree."""
        return bool(seats(self.demand))


@dataclass(frozen=True)
class Decision:
    """The rule that decides, those that stepped back for it, and those that it is stricter than."""

    winner: Candidate
    stepped_back: tuple[Candidate, ...] = ()
    not_for_restores: tuple[Candidate, ...] = ()
    milder: tuple[Candidate, ...] = ()


def rank(one: Candidate) -> tuple[int, int]:
    """Return how strict the demand is: more votes, then fewer roles that may cast them."""
    needed = seats(one.demand)
    return len(needed), -sum(len(roles) or ANYBODY for roles in needed)


def strictness(one: Candidate) -> tuple[Any, ...]:
    """Return what candidates are compared by: the larger, the stricter. A total order over different rules."""
    needed = sorted(map(sorted, seats(one.demand)))
    return *rank(one), len(set(one.told_after)), not one.own, one.name, needed, one.key


def decide(matching: Sequence[Candidate]) -> Decision | None:
    """Return which of the matching rules decides, or None where none matches. Their order does not matter."""
    said = [one for one in matching if not one.fallback] or list(matching)
    if not said:
        return None
    procedure_asks = any(one.of_procedure and one.asks for one in said)
    back = [one for one in said if procedure_asks and one.of_severity and not one.of_procedure]
    rest = [one for one in said if one not in back]
    asked = [one for one in rest if one.of_restore and one.asks]
    floor = max(asked, key=strictness) if asked else None
    short = [one for one in rest if floor and not covers(one.demand, floor.demand)]
    rest = [one for one in rest if one not in short]
    winner = max(rest, key=strictness)
    milder = [one for one in rest if one != winner]
    return Decision(winner, _named(back), _named(short), _named(milder))


def covers(strict: Mapping[str, Any], mild: Mapping[str, Any]) -> bool:
    """Say whether whoever satisfies `strict` satisfies `mild`: every seat of it is filled by a narrower one."""
    narrow, wide = seats(strict), seats(mild)
    taken: dict[int, int] = {}
    return all(_seated(seat, narrow, wide, taken, set()) for seat in range(len(wide)))


def _seated(seat: int, narrow: list[list[str]], wide: list[list[str]], taken: dict[int, int], tried: set[int]) -> bool:
    """Find a narrow seat for a wide one, moving others where that helps (augmenting paths)."""
    for place, roles in enumerate(narrow):
        if place in tried or not narrower(roles, wide[seat]):
            continue
        tried.add(place)
        if place not in taken or _seated(taken[place], narrow, wide, taken, tried):
            taken[place] = seat
            return True
    return False


def narrower(roles: Sequence[str], than: Sequence[str]) -> bool:
    """Say whether whoever may take a seat for `roles` may take one for `than` too; no roles means anybody."""
    return not than or (bool(roles) and set(roles) <= set(than))


def _named(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=strictness, reverse=True))
