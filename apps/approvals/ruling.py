"""Who must agree to a deed, by which rule, and why, in a sentence. Reads the organisation's rules only.

Every question goes through `rule_for`. What a rule is matched against stands in `Situation`; which of several decides,
in `strictness`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q

from apps.accounts.models import Role
from apps.accounts.rights import APPROVE, APPROVE_RESTORES
from apps.approvals.matching import Place, Situation, candidate_of, matches
from apps.approvals.models import Rule
from apps.approvals.reasons import because
from apps.approvals.rules import seats
from apps.approvals.strictness import Candidate, Decision, decide

EXPIRES_MINUTES = 60


@dataclass(frozen=True)
class Own:
    """What the asking thing says itself, for example a playbook, which makes it a rule of the procedure.

    `fallback`: it counts only where no rule matches. `floor`: it is the least that is ever asked, and a stricter rule
    of whatever sort decides instead.
    """

    name: str
    demand: Mapping[str, Any]
    due_minutes: int | None = None
    expires_minutes: int | None = None
    fallback: bool = False
    floor: bool = False

    def candidate(self) -> Candidate:
        """Return it as one of the rules to choose from."""
        return Candidate(
            name=self.name, demand=self.demand, of_procedure=not self.floor, own=True, fallback=self.fallback,
            due_minutes=self.due_minutes, expires_minutes=self.expires_minutes,
        )  # fmt: skip


@dataclass(frozen=True)
class Ruling:
    """Who must agree (`demand` is what `rules.seats` reads), until when, who is told, and why this rule decided."""

    demand: Mapping[str, Any]
    due_minutes: int | None
    expires_minutes: int
    ladder: tuple[Mapping[str, Any], ...]
    told_after: tuple[str, ...]
    told_within_minutes: int
    right: str
    name: str
    because: str
    situation: Situation
    own: Own | None = None
    considered: tuple[Candidate, ...] = ()

    def as_plan(self) -> dict[str, Any]:
        """Return what a plan freezes, so that its hash covers who must agree."""
        return {
            **self.demand,
            "due_minutes": self.due_minutes,
            "expires_minutes": self.expires_minutes,
            "ladder": [dict(rung) for rung in self.ladder],
            "told_after": list(self.told_after),
            "told_within_minutes": self.told_within_minutes,
            "right": self.right,
            "name": self.name,
            "because": self.because,
        }

    def asked(self) -> dict[str, Any]:
        """Return what `asking.ask` is told of it."""
        return {
            "rule": self.as_rule(),
            "due_minutes": self.due_minutes,
            "expires_minutes": self.expires_minutes,
            "right": self.right,
            "ladder": self.ladder,
            "told_after": self.told_after,
            "told_within_minutes": self.told_within_minutes,
        }

    @property
    def nobody(self) -> bool:
        """Whether it may be done without asking anybody."""
        return not seats(self.demand)

    def as_rule(self) -> dict[str, Any]:
        """Return what a question keeps: the plan's words, and what it was decided by, to decide it again."""
        own = asdict(self.own) if self.own else None
        return {**self.as_plan(), "decided_by": {"situation": self.situation.as_json(), "own": own}}


def rule_for(
    organisation: Any,
    *,
    kind: str,
    severity: str = "",
    procedure: str = "",
    environment: Any = None,
    impacts: Iterable[str] = (),
    otherwise: Own | None = None,
    environments: Sequence[Any] = (),
    right: str = APPROVE,
) -> Ruling:
    """Return who must agree to a question of `kind` (one of `kinds.QUESTIONS`) in this situation.

    `organisation` is an Organisation or its key, `procedure` a playbook's slug, `environment` (or several
    `environments` at once) where it happens, `impacts` words of `kinds.IMPACTS`; `otherwise` is what the asking thing
    says itself, and `right` what a voter needs where that decides. Without any rule nobody must agree. Two queries.
    """
    places = tuple(Place.of(each) for each in (*environments, *([environment] if environment else [])))
    key = getattr(organisation, "pk", organisation)
    return rule_in(key, Situation(kind, severity, procedure, places, frozenset(impacts), right), otherwise)


def rule_in(organisation_id: Any, situation: Situation, otherwise: Own | None = None) -> Ruling:
    """Return who must agree in a situation that is put together already. Costs two queries."""
    rows = Rule.objects.filter(Q(kinds=[]) | Q(kinds__contains=[situation.kind]), organisation_id=organisation_id)
    matching = [candidate_of(row, situation) for row in rows.filter(active=True) if matches(row, situation)]
    if otherwise:
        matching.append(otherwise.candidate())
    roles = list(Role.objects.filter(organisation_id=organisation_id).order_by("slug"))
    decision = decide(matching)
    if situation.restores_production and not (decision and decision.winner.asks):
        decision = decide([*matching, _restores(roles)])
    return ruled(situation, otherwise, decision, {role.slug: role.name for role in roles})


def _restores(roles: Sequence[Role]) -> Candidate:
    """Return the least that is asked about a restore in production, where neither a rule nor the playbook asks anybody.

    Where no role has the right to approve one, it waits for a CTO: nobody can agree until somebody is given it.
    """
    may = [role.slug for role in roles if APPROVE_RESTORES in role.rights] or ["cto"]
    return Candidate("A restore in production always needs somebody", {"any_of": may, "needed": 1}, own=True)


def ruled(situation: Situation, otherwise: Own | None, decision: Decision | None, names: Mapping[str, str]) -> Ruling:
    """Put a decision into a ruling. Pure.

    A clock that the deciding rule does not set is the asking thing's own; the ladder is that of the strictest which has
    one, since calling people loosens nothing.
    """
    winner = decision.winner if decision else Candidate("No rule", {})
    usual = otherwise or Own("", {})
    considered = (winner, *decision.milder, *decision.not_for_restores, *decision.stepped_back) if decision else ()
    return Ruling(
        demand=_plain(winner.demand),
        due_minutes=winner.due_minutes or usual.due_minutes,
        expires_minutes=winner.expires_minutes or usual.expires_minutes or EXPIRES_MINUTES,
        ladder=next((one.ladder for one in considered if one.ladder), ()),
        told_after=winner.told_after,
        told_within_minutes=winner.told_within_minutes,
        right=right_for(situation, own=winner.own),
        name=winner.name,
        because=because(decision, names),
        situation=situation,
        own=otherwise,
        considered=considered,
    )


def right_for(situation: Situation, *, own: bool) -> str:
    """Return the right that a vote needs: a restore in production needs one of its own (S4-36).

    What a rule decides needs the right to approve; what the asking thing decides itself (`own`), the right it names.
    """
    if situation.restores_production:
        return APPROVE_RESTORES
    return situation.right if own else APPROVE


def _plain(demand: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "all_of": list(demand.get("all_of", [])),
        "any_of": list(demand.get("any_of", [])),
        "needed": int(demand.get("needed", 1)),
    }
