"""An update as programs read it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.communications.models import Update
from apps.timeline.reading import moment


def as_json(update: Update) -> dict[str, Any]:
    """Return an update (with its incident loaded) for the API."""
    return {
        "id": str(update.pk),
        "incident": str(update.incident_id),
        "audience": update.audience,
        "phase": update.phase,
        "text": update.text,
        "author": update.author.name if update.author else None,
        "created_at": moment(update.created_at),
        "next_update_at": moment(update.next_update_at),
        "html_url": settings.BASE_URL + update.incident.status_url,
    }
