"""Who could sit: whether the seats of a rule can be filled at all, and by whom."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from apps.accounts.models import RoleHolding
from apps.approvals.rules import seats
from apps.timeline.answers import Refused


def refuse_alone(organisation_id: Any, demand: Mapping[str, Any], *, by: Any, advice: str) -> None:
    """Raise Refused when nobody but `by` holds any role that `demand` names, or it names none.

    `advice` says what would help.
    """
    wanted = {role for roles in seats(demand) for role in roles}
    held = RoleHolding.objects.filter(organisation_id=organisation_id, role__slug__in=wanted, person__active=True)
    if not held.exclude(person=by).exists():
        raise Refused(f"Nobody else here may agree: {advice}", code="nobody_else")


def unfilled(able: Sequence[Sequence[Hashable]]) -> list[int]:
    """Return the positions (from 0) of seats that stay empty however people are placed; each person sits once.

    `able` has, for each seat, who could take it. Seats that cannot be filled at all are named first.
    """
    taken: dict[Hashable, int] = {}
    order = sorted(range(len(able)), key=lambda seat: len(able[seat]))
    return sorted(seat for seat in order if not _place(seat, able, taken, set()))


def _place(seat: int, able: Sequence[Sequence[Hashable]], taken: dict[Hashable, int], tried: set[Hashable]) -> bool:
    """Seat somebody, moving others where that helps (augmenting paths)."""
    for person in able[seat]:
        if person in tried:
            continue
        tried.add(person)
        if person not in taken or _place(taken[person], able, taken, tried):
            taken[person] = seat
            return True
    return False
