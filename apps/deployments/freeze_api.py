"""Freezes, for programs: one person stops, a second one allows again."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Query, Router, Status

from apps.accounts import programs
from apps.accounts.requests import Request
from apps.deployments import lifecycle, permissions
from apps.deployments.answering import freeze_as_json
from apps.deployments.finding import place_named
from apps.deployments.models import Freeze
from apps.deployments.schemas import FreezeAnswer, Freezes

router = Router(tags=["freezes"])


class NewFreeze(programs.Body):
    """What to stop, where, and why."""

    stops: Literal["rollbacks", "deployments"]
    scope: Literal["environment", "service", "organisation", "all"]
    service: str | None = None
    environment: str | None = None
    reason: str


class FreezeListing(programs.Listing):
    """Filters of the list of freezes."""

    active: bool | None = None


class Lifting(programs.Body):
    """Why it may be lifted."""

    reason: str


@router.get("/freezes", response=Freezes, summary="List freezes")
def list_freezes(request: Request, listing: Query[FreezeListing]) -> dict[str, Any]:
    """Newest first; `?active=true` leaves out the lifted ones."""
    permissions.may_see_freezes(request.actor).or_refuse()
    rows = _freezes().filter(organisation=request.organisation)
    if listing.active is not None:
        rows = rows.filter(lifted_at__isnull=listing.active)
    return programs.page(request, rows, order="-created_at", render=freeze_as_json)


@router.post("/freezes", response={201: FreezeAnswer}, summary="Stop rollbacks or deployments")
@programs.idempotent
def create_freeze(request: Request, body: NewFreeze) -> Status:
    """`rollbacks` is the kill switch and holds from the moment of the answer."""
    programs.require_scope(request, programs.ADMIN)
    service, environment = place_named(request, body.service, body.environment)
    freeze = lifecycle.freeze(
        request.organisation,
        by=programs.person_of(request),
        stops=body.stops,
        scope=body.scope,
        service=service,
        environment=environment,
        reason=body.reason,
    )
    return Status(201, freeze_as_json(freeze))


@router.post("/freezes/{id}/lifting", response={202: FreezeAnswer}, summary="Ask to lift a freeze")
@programs.idempotent
def create_lifting(request: Request, id: str, body: Lifting) -> Status:
    """202 with `approval`: a second person answers it, then the freeze ends."""
    programs.require_scope(request, programs.ADMIN)
    freeze = programs.find(_freezes(), request, pk=id)
    lifecycle.ask_to_lift(freeze, by=programs.person_of(request), reason=body.reason)
    return Status(202, freeze_as_json(programs.find(_freezes(), request, pk=id)))


def _freezes() -> Any:
    return Freeze.objects.select_related("service", "environment", "created_by", "lifted_by", "question")
