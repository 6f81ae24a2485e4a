"""What is in production: what runs, since when, and whether the way back is open. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, OuterRef, Prefetch, Q, QuerySet, Subquery, When

from apps.accounts.seeing import EVERYTHING, Sight, within
from apps.deployments.models import Deployment, Environment, Pin, Service
from apps.deployments.targets import state_of


@dataclass(frozen=True)
class InProduction:
    """One line of the overview. `way_back` is the newest deployment before the live one marked as good."""

    environment: Environment
    live: Deployment | None
    since: datetime | None
    pin: Pin | None
    way_back: Deployment | None
    host: str

    @property
    def service(self) -> Service:
        """The service of the line."""
        return self.environment.service

    @property
    def state(self) -> str:
        """The state of the way back, for a target mark."""
        return state_of(self.way_back.usable, self.way_back.checked_at) if self.way_back else "unknown"


def in_production(organisation: Any, sight: Sight = EVERYTHING) -> list[InProduction]:
    """Return a line for each environment of the kind production that is in sight, by its service. Four queries."""
    there = Environment.objects.filter(organisation=organisation, kind="production")
    query = (
        within(there, sight)
        .select_related("service", "live")
        .annotate(way_back_id=Subquery(_way_back().values("pk")[:1]))
        .prefetch_related(
            "connections__connection",
            Prefetch("pins", Pin.objects.filter(lifted_at=None).select_related("deployment"), "open_pins"),
        )
        .order_by("service__name", "name")
    )
    rows = list(query)
    ways = Deployment.objects.in_bulk({row.way_back_id for row in rows if row.way_back_id})
    return [_line(row, ways.get(row.way_back_id)) for row in rows]


def _way_back() -> QuerySet[Deployment]:
    """Marked as good and older than what runs; one that the host lost only when there is no other."""
    candidates = Deployment.objects.filter(environment=OuterRef("pk"), good=True).exclude(pk=OuterRef("live_id"))
    older = Q(deployed_at__lt=OuterRef("live__deployed_at"))
    gone = Case(When(usable=False, then=1), default=0)
    return candidates.filter(older).order_by(gone, "-deployed_at")


def _line(row: Any, way_back: Deployment | None) -> InProduction:
    hosting = [one.connection for one in row.connections.all() if one.role == "hosting"]
    return InProduction(
        environment=row,
        live=row.live,
        since=row.live_since,
        pin=row.open_pins[0] if row.open_pins else None,
        way_back=way_back,
        host=hosting[0].name if hosting else "",
    )
