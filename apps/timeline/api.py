"""The record for programs: every event of the organisation with its hashes."""

from __future__ import annotations

from typing import Any

from ninja import Field, Query, Router, Schema

from apps.timeline import reading
from apps.timeline.models import Event

router = Router(tags=["audit"])


class Pages(Schema):
    """Pages by number, oldest first."""

    after: str | None = Field(None, description="The number (seq) of the last event you have.")
    limit: int = Field(reading.USUAL, ge=1, le=reading.MOST)


@router.get("/audit", response=dict, summary="The record, with the hashes that prove it")
def list_events(request: reading.Asked, listing: Query[Pages]) -> dict[str, Any]:
    """Oldest first. `hash` is SHA-256 over the previous hash, the number, SHA-256 of `body`, the actor and the time."""
    reading.may_read_everything(request).or_refuse()
    return reading.page(request, Event.objects.filter(organisation=request.organisation), reading.link)
