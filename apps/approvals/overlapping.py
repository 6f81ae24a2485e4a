"""Which rules can match at once and answer differently, so that nobody finds out in the night (C3). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.approvals.kinds import QUESTIONS
from apps.approvals.matching import Place, Situation, candidate_of
from apps.approvals.rules import seats
from apps.approvals.strictness import decide, rank


@dataclass(frozen=True)
class Overlap:
    """Two rules that can match the same question; `winner` decides then. `alike`: only their names decide."""

    one: Any
    other: Any
    winner: Any
    alike: bool


def overlaps(rules: Sequence[Any]) -> list[Overlap]:
    """Return every pair of active rules that can match the same question and does not ask the same people."""
    found = []
    for at, one in enumerate(rules):
        for other in rules[at + 1 :]:
            if _answers(one) != _answers(other) and (meeting := _meeting(one, other)):
                found.append(_decided(one, other, meeting))
    return found


def _decided(one: Any, other: Any, meeting: Situation) -> Overlap:
    both = {str(rule.pk): (rule, candidate_of(rule, meeting)) for rule in (one, other)}
    decision = decide([candidate for _, candidate in both.values()])
    assert decision is not None
    winner, candidate = both[decision.winner.key]
    alike = any(rank(each) == rank(candidate) for each in decision.milder)
    return Overlap(one, other, winner, alike)


def _meeting(one: Any, other: Any) -> Situation | None:
    """Return a situation that both match, or None."""
    kinds, severities, procedures, environment_kinds = (
        _common(getattr(one, name), getattr(other, name))
        for name in ("kinds", "severities", "procedures", "environment_kinds")
    )
    if None in (kinds, severities, procedures, environment_kinds) or not _same_place(one, other):
        return None
    return Situation(
        kind=next(iter(kinds or QUESTIONS)),
        severity=next(iter(severities or []), ""),
        procedure=next(iter(procedures or []), ""),
        places=(Place("", "", next(iter(environment_kinds or []), "")),),
        impacts=frozenset(one.impacts) | frozenset(other.impacts),
    )


def _common(one: Sequence[str], other: Sequence[str]) -> list[str] | None:
    """Return what satisfies both conditions, where empty means everything; None where nothing does."""
    if not one or not other:
        return [*one, *other]
    return [word for word in one if word in other] or None


def _same_place(one: Any, other: Any) -> bool:
    """Say whether both can hold in one environment."""
    if one.environment_id and other.environment_id:
        return bool(one.environment_id == other.environment_id)
    for here, there in ((one, other), (other, one)):
        if here.environment_id and there.environment_kinds and here.environment.kind not in there.environment_kinds:
            return False
    return not (_service(one) and _service(other) and _service(one) != _service(other))


def _service(rule: Any) -> Any:
    return rule.environment.service_id if rule.environment_id else rule.service_id


def _answers(rule: Any) -> tuple[Any, ...]:
    return sorted(map(sorted, seats(rule.demand))), sorted(rule.told_after) if not seats(rule.demand) else []
