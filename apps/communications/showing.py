"""An update as programs read it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.communications.models import Update, WaitingUpdate
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


def waiting_as_json(kept: WaitingUpdate) -> dict[str, Any]:
    """Return words that wait (with their incident, author and question loaded) for the API."""
    return {
        "id": str(kept.pk),
        "incident": str(kept.incident_id),
        "audience": kept.audience,
        "phase": kept.phase,
        "text": kept.text,
        "author": kept.author.name,
        "next_update_minutes": kept.next_update_minutes,
        "created_at": moment(kept.created_at),
        "approval": str(kept.question_id),
        "state": kept.question.state,
        "expires_at": moment(kept.question.expires_at),
        "html_url": settings.BASE_URL + reverse("communications:waiting", args=[kept.incident_id]),
    }
