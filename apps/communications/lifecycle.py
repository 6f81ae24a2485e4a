"""What happens to words: an update is posted for an audience, with a promise when they hear more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.approvals.models import Question
from apps.approvals.rule_changes import hold_rules
from apps.communications import agreeing, events
from apps.communications.models import Update
from apps.communications.permissions import may_tell
from apps.communications.posting import hold, promise, tell
from apps.incidents.models import Incident
from apps.incidents.states import IncidentState
from apps.incidents.texts import plain
from apps.timeline.answers import Unacceptable
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event, Visibility

TEXT_LIMIT = 4000  # characters
PRESSED_TWICE = timedelta(seconds=30)


@transaction.atomic
def post_update(
    incident: Incident,
    *,
    by: Any,
    audience: str,
    text: str,
    next_update_minutes: int | None = None,
    phase: str | None = None,
) -> Update | Question:
    """Tell an audience (internal, stakeholder, public) something, and promise the next word in so many minutes.

    Words to stakeholders keep the promise that was open; without a new one none is open. The phase is the
    incident's own unless given. The same words by the same person within 30 s are one update, so that a
    double press tells nobody twice. Where a rule says that others must agree to words to the outside, they wait: the
    question is returned instead. Raises Forbidden or Unacceptable.
    """
    hold_rules(incident.organisation_id)
    incident = hold(incident.pk, incident.organisation_id)
    may_tell(by, incident).or_refuse()
    now = timezone.now()
    given = {
        "audience": _audience(audience),
        "text": plain(text, "text", limit=TEXT_LIMIT),
        "phase": _phase(phase or incident.state),
    }
    newest = incident.updates.filter(author_id=by.pk, created_at__gt=now - PRESSED_TWICE, **given).first()
    if newest:
        return newest
    promise(incident, next_update_minutes)  # refused before anybody is asked
    if ruling := agreeing.ruling_about(incident, audience):
        return agreeing.ask(incident, given, by=by, next_update_minutes=next_update_minutes, ruling=ruling)
    return tell(incident, given, by=by, next_update_minutes=next_update_minutes)


@transaction.atomic
def tell_overdue(incident: Incident) -> bool:
    """Record once that a promised update has not come. Returns whether it was news."""
    rows = Incident.objects.select_for_update(no_key=True, skip_locked=True)
    found = rows.filter(pk=incident.pk, next_update_at__lt=timezone.now()).first()
    if found is None or found.next_update_at is None:
        return False
    told = Event.objects.filter(incident=found, kind=events.OVERDUE.name, occurred_at__gte=found.next_update_at)
    if told.exists():
        return False
    moment = f"{found.next_update_at:%H:%M} UTC"
    record(events.OVERDUE, found, by=SYSTEM, incident=found, promised=moment)
    return True


def _audience(value: str) -> str:
    if value not in Visibility.values:
        raise Unacceptable("The audience is internal, stakeholder or public.", field="audience")
    return value


def _phase(value: str) -> str:
    if value not in IncidentState.values:
        raise Unacceptable(f"The phase is one of {', '.join(IncidentState.values)}.", field="phase")
    return value
