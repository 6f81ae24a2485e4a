"""The next update that somebody promised is a promise to keep."""

from __future__ import annotations

from uuid import UUID

from apps.accounts.places import place_of
from apps.incidents.following import Promise
from apps.incidents.models import Incident


def next_updates(organisation_id: UUID) -> list[Promise]:
    """Return the updates that are promised, the earliest first."""
    rows = Incident.objects.active().filter(organisation_id=organisation_id, next_update_at__isnull=False)
    return [
        Promise(
            f"Next update: {incident.title}",
            incident.next_update_at,
            incident.reference,
            f"{incident.get_absolute_url()}#update",
            place_of(incident),
        )
        for incident in rows.order_by("next_update_at")
        if incident.next_update_at
    ]
