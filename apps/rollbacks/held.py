"""A rollback while this process holds its lease: its approved plan, and its rows read afresh before each decision."""

from __future__ import annotations

from datetime import datetime

from apps.providers.base import Access
from apps.rollbacks.approved import PlannedStep, steps_of
from apps.rollbacks.deciding import RunView
from apps.rollbacks.leases import Heartbeat, Lease, LeaseLost
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.states import EFFECTIVE
from apps.rollbacks.viewing import view_of
from apps.timeline.clock import clock_timestamp

# What others, or we, may have changed since the last look.
CHANGING = ("state", "fence", "pause_requested", "cancel_requested", "compensating", "first_call_at")
RELATED = (
    "plan",
    "incident",
    "environment",
    "environment__service",
    "target",
    "previous",
    "service",
    "organisation",
)


class HeldRun:
    """What one `advance` knows. The plan never changes while a run goes, so it is read once."""

    def __init__(self, lease: Lease, heart: Heartbeat) -> None:
        self.lease, self.heart = lease, heart
        self.rollback = Rollback.objects.select_related(*RELATED).get(pk=lease.rollback_id)
        self.planned: dict[int, PlannedStep] = steps_of(self.rollback)
        self.steps: dict[int, Step] = {}
        self.attempts: list[Attempt] = []
        self._opened: dict[str, Access] = {}

    def look(self) -> datetime:
        """Read what may have changed and return the database's time. Raises LeaseLost when the fence has moved on."""
        row = Rollback.objects.annotate(now=clock_timestamp()).values(*CHANGING, "now").get(pk=self.rollback.pk)
        for name in CHANGING:
            setattr(self.rollback, name, row[name])
        if self.rollback.fence != self.lease.fence:
            raise LeaseLost
        self.steps = {step.position: step for step in Step.objects.filter(rollback=self.rollback)}
        self.attempts = list(Attempt.objects.filter(rollback=self.rollback).order_by("number"))
        return row["now"]

    def view(self) -> RunView:
        """Return what was last read as the value that `deciding` works on."""
        return view_of(self.rollback, self.planned, self.steps.values(), self.attempts)

    def access(self, planned: PlannedStep) -> Access:
        """Return how to reach what a step acts on, opened once. Raises what `PlannedStep.access` raises."""
        connection_id = planned.said["connection"]["id"]
        if connection_id not in self._opened:
            self._opened[connection_id] = planned.access(self.rollback)
        return self._opened[connection_id]

    def is_applied(self, position: int) -> bool:
        """Say whether every part of a step has had its effect, or needed none."""
        already = self.steps[position].baseline.get("already", [])
        return all(
            part in already or any(one.state in EFFECTIVE for one in self.tries(position, "apply", part))
            for part in self.planned[position].parts
        )

    def tries(self, position: int, kind: str, part: str) -> list[Attempt]:
        """Return the attempts of one part of one step, oldest first."""
        return [one for one in self.attempts if (one.position, one.kind, one.part) == (position, kind, part)]
