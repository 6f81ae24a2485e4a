"""Put an update before its audience: the row, the promise of the next one, and its place in the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.approvals.models import Question
from apps.communications import events
from apps.communications.models import Update
from apps.incidents.models import Incident
from apps.incidents.states import IncidentState
from apps.timeline.answers import Unacceptable
from apps.timeline.log import record
from apps.timeline.models import Visibility

WHOM = {
    Visibility.INTERNAL: "the team",
    Visibility.STAKEHOLDER: "stakeholders",
    Visibility.PUBLIC: "everybody",
}
LONGEST_PROMISE = 7 * 24 * 60  # minutes


def tell(
    incident: Incident, given: Mapping[str, str], *, by: Any, next_update_minutes: int | None,
    question: Question | None = None,
) -> Update:  # fmt: skip
    """Tell the audience of `given` (audience, phase, text) in the name of `by`. The caller holds the incident's row.

    `question` is what others agreed on; Postgres compares its words with these.
    """
    promised = promise(incident, next_update_minutes)
    update = Update.objects.create(
        organisation_id=incident.organisation_id,
        incident=incident,
        author_id=by.pk,
        next_update_at=promised,
        question=question,
        **given,
    )
    if promised or update.audience != Visibility.INTERNAL:
        incident.next_update_at = promised
        incident.save(update_fields=["next_update_at"])
    record(
        events.POSTED,
        update,
        by=by,
        incident=incident,
        visibility=update.audience,
        whom=WHOM[Visibility(update.audience)],
        text=update.text,
        next_update_at=promised,
    )
    return update


def promise(incident: Incident, minutes: int | None) -> Any:
    """Return when the next update is promised. Raises Unacceptable for a length that nobody can mean."""
    if minutes is None:
        return None
    if not 1 <= minutes <= LONGEST_PROMISE:
        raise Unacceptable(
            f"Promise the next update in 1 to {LONGEST_PROMISE} minutes, or leave it out.",
            field="next_update_minutes",
        )
    if incident.state == IncidentState.RESOLVED:
        raise Unacceptable(
            "The incident is resolved, so no next update is due. Leave it out.", field="next_update_minutes"
        )
    return timezone.now() + timedelta(minutes=minutes)


def hold(incident_id: UUID, organisation_id: UUID) -> Incident:
    """Return the incident with its row locked: words about it are told one after the other."""
    return Incident.objects.select_for_update(no_key=True).get(pk=incident_id, organisation_id=organisation_id)
