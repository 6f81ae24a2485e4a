"""When a rule matches: an empty condition matches everything, several conditions must all hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.accounts.rights import APPROVE
from apps.approvals.kinds import OF_THE_PROCEDURE, RESTORE
from apps.approvals.strictness import Candidate

PRODUCTION = "production"


@dataclass(frozen=True)
class Place:
    """An environment as rules see it; its keys are texts."""

    environment: str
    service: str
    kind: str

    @classmethod
    def of(cls, environment: Any) -> Place:
        """Return the place that an Environment is."""
        return cls(str(environment.pk), str(environment.service_id), environment.kind)


@dataclass(frozen=True)
class Situation:
    """What is asked, how bad it is, by which procedure, where, and what it does. Empty: it has none."""

    kind: str
    severity: str = ""
    procedure: str = ""
    places: tuple[Place, ...] = ()
    impacts: frozenset[str] = frozenset()
    right: str = APPROVE  # what a vote needs, unless it is about a restore in production

    @property
    def restores_production(self) -> bool:
        """Whether a production database is restored or changed."""
        return RESTORE in self.impacts and any(place.kind == PRODUCTION for place in self.places)

    def as_json(self) -> dict[str, Any]:
        """Return it for keeping."""
        places = [vars(place) for place in self.places]
        return {
            "kind": self.kind, "severity": self.severity, "procedure": self.procedure, "places": places,
            "impacts": sorted(self.impacts), "right": self.right,
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Situation:
        """Return what `as_json` kept."""
        places = tuple(Place(**place) for place in kept["places"])
        impacts = frozenset(kept["impacts"])
        return cls(kept["kind"], kept["severity"], kept["procedure"], places, impacts, kept["right"])


def matches(rule: Any, situation: Situation) -> bool:
    """Say whether every condition of a Rule holds. One impact of several is enough, and so is one place of several."""
    return (
        _one_of(rule.kinds, situation.kind)
        and _one_of(rule.severities, situation.severity)
        and _one_of(rule.procedures, situation.procedure)
        and (not rule.impacts or not situation.impacts.isdisjoint(rule.impacts))
        and (not _is_placed(rule) or any(_is_there(rule, place) for place in situation.places))
    )


def candidate_of(rule: Any, situation: Situation) -> Candidate:
    """Return a Rule that matches, as one to choose from: of the procedure if it names one or what the deed does."""
    done = situation.impacts & OF_THE_PROCEDURE & set(rule.impacts)
    return Candidate(
        name=rule.name,
        demand=rule.demand,
        of_procedure=bool(rule.procedures or done),
        of_severity=bool(rule.severities),
        of_restore=RESTORE in done,
        severities=tuple(rule.severities),
        due_minutes=rule.due_minutes,
        expires_minutes=rule.expires_minutes,
        ladder=tuple(rule.ladder),
        told_after=tuple(rule.told_after),
        told_within_minutes=rule.told_within_minutes,
        because=rule.because,
        key=str(rule.pk),
    )


def _one_of(condition: list[str], value: str) -> bool:
    return not condition or value in condition


def _is_placed(rule: Any) -> bool:
    return bool(rule.environment_kinds or rule.service_id or rule.environment_id)


def _is_there(rule: Any, place: Place) -> bool:
    return (
        _one_of(rule.environment_kinds, place.kind)
        and (not rule.service_id or str(rule.service_id) == place.service)
        and (not rule.environment_id or str(rule.environment_id) == place.environment)
    )
