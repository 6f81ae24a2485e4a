"""What a stop of rollbacks holds: told to the pages, the questions and the commands about freezes."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from apps.deployments import holding
from apps.deployments.holding import Held
from apps.rollbacks.models import Rollback
from apps.rollbacks.states import ACTIVE, RollbackState

GOES_ON = frozenset({RollbackState.QUEUED, RollbackState.RUNNING, RollbackState.CANCELLING})
WORDS = {
    "awaiting_approval": "It may be agreed on meanwhile, and would then wait.",
    "queued": "It is approved and has not begun.",
    "running": "It waits before its next request.",
    "paused": "It is paused, and stays so.",
    "cancelling": "It is being cancelled, which sends nothing new.",
    "needs_operator": "It waits for a person anyway.",
}


def register() -> None:
    """Register with the freezes; called once."""
    holding.offer(held)


def held(organisation_id: Any) -> list[Held]:
    """Return every rollback of the organisation that a stop can hold, the newest first. One query."""
    rows = Rollback.objects.filter(
        organisation_id=organisation_id, state__in=[*ACTIVE, RollbackState.AWAITING_APPROVAL]
    ).select_related("question", "environment__service")
    return [
        Held(
            title=f"{rollback.reference} {rollback.question.title}",
            text=WORDS[rollback.state],
            url=reverse("rollbacks:detail", args=[rollback.pk]),
            environment=rollback.environment,
            goes_on=rollback.state in GOES_ON,
        )
        for rollback in rows.order_by("-proposed_at")
    ]
