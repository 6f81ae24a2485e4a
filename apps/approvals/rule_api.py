"""Rules and the authority preview, for programs: the same verbs as on the pages."""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from apps.accounts import programs
from apps.accounts.permissions import may_somewhere
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.approvals import authority, rule_lifecycle
from apps.approvals.models import Rule
from apps.approvals.overlapping import overlaps
from apps.approvals.permissions import role_names
from apps.approvals.rule_places import Environments
from apps.approvals.rule_words import says

router = Router(tags=["rules"])
ROWS = Rule.objects.select_related("organisation", "service", "environment__service")
Severity = Literal["P0", "P1", "P2", "P3"]
Impact = Literal["restore", "destructive", "data_loss", "externally_visible", "many_users"]
Words = list[str]


class Rung(programs.Body):
    """Whom to call when a question is still open after so many minutes."""

    minutes: int
    roles: Words


class NewRule(programs.Body):
    """When a rule holds, and who must agree. An empty condition matches everything."""

    name: str = Field(min_length=1, max_length=200)
    because: str = Field("", max_length=300)
    kinds: Words = Field(default=[], max_length=50, description="What is asked, for example rollback.start.")
    severities: list[Severity] = Field(default=[], max_length=4)
    procedures: Words = Field(default=[], max_length=50, description="Slugs of published playbooks.")
    environment_kinds: Words = Field(default=[], max_length=50)
    service: str | None = None
    environment: str | None = Field(None, description="The name of an environment of `service`.")
    impacts: list[Impact] = Field(default=[], max_length=5)
    all_of: Words = Field(default=[], max_length=50, description="Slugs of roles, one vote each.")
    any_of: Words = Field(default=[], max_length=50)
    needed: int = Field(1, description="How many of `any_of`.")
    due_minutes: int | None = None
    expires_minutes: int | None = None
    ladder: list[Rung] = Field(default=[], max_length=20)
    told_after: Words = Field(default=[], max_length=50)
    told_within_minutes: int = 60


class Rules(programs.Listing):
    """Filters of the list of rules."""

    active: bool | None = None


class Asked(programs.Body):
    """What the preview is about. `service` and `environment` are names, `procedure` a playbook's slug."""

    kind: str = "rollback.start"
    severity: Severity = "P1"
    procedure: str | None = None
    service: str | None = None
    environment: str | None = None
    impact: Impact | None = None


class RuleAnswer(Schema):
    """A rule; `says` is all of it in words."""

    id: str
    name: str
    because: str
    says: str
    active: bool
    kinds: Words
    severities: Words
    procedures: Words
    environment_kinds: Words
    service: str | None
    environment: str | None
    impacts: Words
    all_of: Words
    any_of: Words
    needed: int
    due_minutes: int | None
    expires_minutes: int | None
    ladder: list[dict[str, Any]]
    told_after: Words
    told_within_minutes: int
    disagrees_with: list[dict[str, str]]
    html_url: str


@router.get("/rules", response=dict, summary="List the rules about who must agree")
def list_rules(request: Request, listing: Query[Rules]) -> dict[str, Any]:
    """Oldest first, the retired too; `disagrees_with` names rules that can match at once and answer differently."""
    may_somewhere(programs.actor_of(request), SEE_INTERNAL).or_refuse()
    rows = ROWS.filter(organisation=request.organisation)
    if listing.active is not None:
        rows = rows.filter(active=listing.active)
    around = _Around(request)
    return programs.page(request, rows, render=around.as_json)


@router.post("/rules", response={201: RuleAnswer}, summary="Make a rule")
@programs.idempotent
def create_rule(request: Request, body: NewRule) -> Status:
    """Open questions that the rules now decide otherwise are taken back."""
    programs.require_scope(request, programs.ADMIN)
    rule = rule_lifecycle.make_rule(request.organisation, by=programs.person_of(request), said=body.model_dump())
    return Status(201, _Around(request).as_json(rule))


@router.get("/rules/{id}", response=RuleAnswer, summary="One rule")
def get_rule(request: Request, id: str) -> dict[str, Any]:
    """Also a retired one."""
    may_somewhere(programs.actor_of(request), SEE_INTERNAL).or_refuse()
    return _Around(request).as_json(programs.find(ROWS, request, pk=id))


@router.post("/rules/{id}/changes", response={201: RuleAnswer}, summary="Change a rule")
@programs.idempotent
def create_rule_change(request: Request, id: str, body: NewRule) -> Status:
    """The body is the whole rule as it shall be."""
    programs.require_scope(request, programs.ADMIN)
    rule = programs.find(ROWS, request, pk=id)
    rule = rule_lifecycle.change_rule(rule, by=programs.person_of(request), said=body.model_dump())
    return Status(201, _Around(request).as_json(rule))


@router.post("/rules/{id}/retirement", response={201: RuleAnswer}, summary="Retire a rule")
@programs.idempotent
def create_rule_retirement(request: Request, id: str) -> Status:
    """It decides nothing any more."""
    programs.require_scope(request, programs.ADMIN)
    rule = rule_lifecycle.retire_rule(programs.find(ROWS, request, pk=id), by=programs.person_of(request))
    return Status(201, _Around(request).as_json(rule))


@router.get("/authority", response=dict, summary="Who could agree to something, and can they be reached?")
def get_authority(request: Request, asked: Query[Asked]) -> dict[str, Any]:
    """The rule that would decide and why, each seat with who could sit, and what stands in the way."""
    may_somewhere(programs.actor_of(request), SEE_INTERNAL).or_refuse()
    here = _environment(request, asked.service or "", asked.environment or "")
    given = {**asked.model_dump(), "impacts": [asked.impact] if asked.impact else []}
    shown = authority.preview(request.organisation, authority.read_wanted(request.organisation, given, here))
    return {
        **shown.ruling.as_plan(),
        "possible": shown.possible,
        "considered": [one.name for one in shown.ruling.considered],
        "seats": [_seat(seat) for seat in shown.seats],
        "told": [_sitter(one) for one in shown.told_after],
        "blocks_if_asking": [person.email for person in shown.blocks],
    }


class _Around:
    """What one rule's answer needs to know of the others, read once for a whole list."""

    def __init__(self, request: Request) -> None:
        self.names = role_names(request.organisation.pk)
        self.disagreeing: dict[Any, list[dict[str, str]]] = {}
        for found in overlaps(list(ROWS.filter(organisation=request.organisation, active=True))):
            for rule, other in ((found.one, found.other), (found.other, found.one)):
                told = {"rule": str(other.pk), "name": other.name, "decides": found.winner.name}
                self.disagreeing.setdefault(rule.pk, []).append(told)

    def as_json(self, rule: Rule) -> dict[str, Any]:
        """Return what programs see of a rule."""
        here = rule.environment
        service = here.service if here else rule.service
        plain = ("name", "because", "active", "kinds", "severities", "procedures", "environment_kinds", "impacts")
        clocks = ("due_minutes", "expires_minutes", "ladder", "told_after", "told_within_minutes")
        return {
            "id": str(rule.pk),
            **{name: getattr(rule, name) for name in (*plain, *clocks)},
            "all_of": rule.demand.get("all_of", []),
            "any_of": rule.demand.get("any_of", []),
            "needed": rule.demand.get("needed", 1),
            "service": service.slug if service else None,
            "environment": here.name if here else None,
            "says": says(rule, self.names),
            "disagrees_with": self.disagreeing.get(rule.pk, []),
            "html_url": settings.BASE_URL + reverse("rules:rules") + f"#rule-{rule.pk}",
        }


def _environment(request: Request, service: str, name: str) -> Any:
    if not service and not name:
        return None
    rows = Environments.objects.select_related("service")
    return programs.refer(rows, request, "environment", service__slug=service, name=name)


def _seat(seat: authority.SeatView) -> dict[str, Any]:
    return {
        "position": seat.position,
        "roles": seat.roles,
        "people": [_sitter(one) for one in seat.sitters],
        "substitutes": [_sitter(one) for one in seat.substitutes],
        "gap": seat.gap,
    }


def _sitter(one: authority.Sitter) -> dict[str, Any]:
    return {
        "person": one.person.email,
        "name": one.person.name,
        "role": one.role,
        "phone": one.phone,
        "last_seen": one.last_seen,
        "can": one.can,
        "because": one.because,
    }
