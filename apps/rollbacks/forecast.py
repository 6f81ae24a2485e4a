"""When a run is likely to be over: from the usual times of what is left, and from what the playbook wants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from apps.playbooks.library import definition_of
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.states import FINAL

RESTING = frozenset({"paused", "needs_operator", "cancelling"})
UNDER_WAY = frozenset({"running", "verifying"})


def healthy_at(rollback: Rollback, steps: Iterable[Step], now: datetime) -> datetime | None:
    """Return when the run is likely to be over, or when it was; None when nobody can say or it failed."""
    if rollback.state in FINAL:
        return rollback.finished_at if rollback.state == "succeeded" else None
    steps = list(steps)
    if rollback.state in RESTING or waiting_step(steps):
        return None
    left = 0.0
    for step in steps:
        if step.state == "pending":
            left += step.usual_seconds
        elif step.state in UNDER_WAY and step.started_at:
            left += max(0.0, step.usual_seconds - (now - step.started_at).total_seconds())
    return now + timedelta(seconds=left)


def waiting_step(steps: Iterable[Step]) -> Step | None:
    """Return the step whose people are asked now, or None."""
    return next((step for step in steps if step.state == "pending" and step.agreement == "asked"), None)


def target_at(rollback: Rollback) -> datetime | None:
    """Return when the playbook wants the service back, counted from the start of the trouble."""
    minutes = definition_of(rollback.revision).target_minutes
    return rollback.incident.started_at + timedelta(minutes=minutes) if minutes else None


def takes(steps: Iterable[Step]) -> timedelta:
    """Return how long all steps usually take together."""
    return timedelta(seconds=sum(step.usual_seconds for step in steps))
