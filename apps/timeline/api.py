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
    """Oldest first. `hash` is the SHA-256 of these bytes in a row: the previous hash, `seq`, the SHA-256 of `body`,
    `actor` in UTF-8, and `recorded_at` in microseconds since 1970; both numbers have 8 bytes, the highest first.
    """
    reading.may_read_everything(request).or_refuse()
    return reading.page(request, Event.objects.filter(organisation=request.organisation), reading.link)
