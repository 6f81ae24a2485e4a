"""The one writer of the record: `record()` puts an event into the transaction of the change it tells."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import models
from django.dispatch import Signal
from django.utils import timezone

from apps.timeline import writing
from apps.timeline.kinds import Kind
from apps.timeline.models import Event

event_recorded = Signal()  # sent after the commit; only a wake-up call, for a sweep finds whatever it missed


class Actor(Protocol):
    """Somebody who acts: a person of the organisation."""

    pk: Any
    name: str


class System:
    """The portal itself, when nobody asked."""

    pk = None
    name = "Rollback Portal"


SYSTEM = System()


def record(
    what: Kind,
    subject: models.Model,
    /,
    *,
    by: Any,
    incident: Any = None,
    occurred_at: datetime | None = None,
    visibility: str = "",
    revises: Event | None = None,
    **details: Any,
) -> Event:
    """Write one event about `subject`, by `by` (a Person, or SYSTEM), inside the caller's transaction.

    `incident` is the incident (or its id) whose timeline shows the event; `details` fill the sentence and are kept as
    JSON. Raises RuntimeError outside a transaction: an event that may outlive its change would be a lie.
    """
    if not writing.is_open():
        raise RuntimeError("record() must be called inside the transaction of the change.")
    told = {key: _plain(value) for key, value in details.items()}
    event = Event(
        organisation_id=_organisation_of(subject),
        kind=what.name,
        text=_clean(what.tell({"actor": by.name, **told})),
        details=told,
        visibility=visibility or what.visibility,
        actor_id=by.pk,
        actor_name=_clean(by.name or "")[:200],
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        incident_id=_key(incident),
        revises=revises,
        occurred_at=occurred_at or timezone.now(),
    )
    writing.insert(event, last=True)
    _announce(event)
    return event


def _organisation_of(subject: models.Model) -> UUID:
    return getattr(subject, "organisation_id", None) or subject.pk


def _announce(event: Event) -> None:
    writing.after_commit(
        lambda: event_recorded.send_robust(
            Event, event_id=event.pk, kind=event.kind, organisation_id=event.organisation_id
        )
    )


def _key(thing: Any) -> Any:
    return getattr(thing, "pk", thing)


def _plain(value: Any) -> Any:
    """Make a value that JSON and Postgres both accept: no NUL, no NaN, text for ids and times."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {_clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return _clean(str(value))


def _clean(text: str) -> str:
    """Take out what Postgres cannot store: NUL and lone surrogates."""
    return text.replace("\x00", "␀").encode("utf-8", "replace").decode("utf-8")
