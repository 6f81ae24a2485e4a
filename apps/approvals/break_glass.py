"""One person acts alone: in one environment, for 30 minutes, with a reason; reviewed by another before the next time.

Postgres keeps all of that too: see `break_glass_is_short` and `consume_votes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import Organisation, Person
from apps.accounts.permissions import may
from apps.accounts.rights import ADMINISTER, APPROVE, PROPOSE
from apps.approvals import events
from apps.approvals.models import BreakGlass
from apps.timeline.answers import YES, Answer, Forbidden, Refused, Unacceptable, no
from apps.timeline.clock import database_now
from apps.timeline.log import record

MINUTES = 30
LONGEST = 2000
OFF = "Break-glass is switched off here. An administrator can allow it."


@transaction.atomic
def allow(organisation: Organisation, *, by: Person, allowed: bool) -> Organisation:
    """Switch break-glass on or off; switching it off ends what is open at once. Repeating it changes nothing."""
    may(by, ADMINISTER, organisation).or_refuse()
    organisation = _lock(organisation.pk)
    if organisation.break_glass_allowed == allowed:
        return organisation
    organisation.break_glass_allowed = allowed
    organisation.save(update_fields=["break_glass_allowed"])
    record(events.BREAK_GLASS_ALLOWED if allowed else events.BREAK_GLASS_FORBIDDEN, organisation, by=by)
    if not allowed:
        now = database_now()
        BreakGlass.objects.filter(organisation=organisation, reviewed_at=None, ends_at__gt=now).update(ends_at=now)
    return organisation


def may_open(person: Person, environment: Any, *, allowed: bool | None = None) -> Answer:
    """Answer whether a person could open it in an environment now, and why not."""
    if not (person.organisation.break_glass_allowed if allowed is None else allowed):
        return no(OFF)
    answer = may(person, PROPOSE, environment)
    if not answer:
        return answer
    last = not_reviewed(person.organisation_id).first()
    if last:
        return no(
            f"{last.person.name} used it in {last.environment} and nobody has reviewed that yet. "
            "It cannot be used again before somebody else has."
        )
    return YES


@transaction.atomic
def open_glass(environment: Any, *, by: Person, reason: str, incident: Any = None) -> BreakGlass:
    """Let `by` act alone in one environment for 30 minutes of the database's clock. Everybody reads it at once.

    The caller has made sure that the person has just proved who they are, in a browser. Raises Forbidden
    (no right, switched off, not reviewed yet) or Unacceptable (no reason).
    """
    reason = _words(reason, "reason", "Say why nobody can be waited for: everybody will read it.")
    organisation = _lock(by.organisation_id)
    may(by, PROPOSE, environment).or_refuse()
    answer = may_open(by, environment, allowed=organisation.break_glass_allowed)
    if not answer:
        raise Forbidden(answer.because, code="break_glass_off" if answer.because == OFF else "review_missing")
    now = database_now()
    row = BreakGlass.objects.create(
        organisation=organisation, person=by, environment=environment, incident_id=getattr(incident, "pk", incident),
        reason=reason, opened_at=now, ends_at=now,
    )  # fmt: skip
    row.refresh_from_db()  # Postgres has set the times
    record(
        events.BREAK_GLASS_OPENED, row, by=by, incident=row.incident_id, environment=str(environment), reason=reason,
        until=row.ends_at,
    )  # fmt: skip
    return row


def open_now(person: Person, environment_id: Any) -> BreakGlass | None:
    """Return the person's own break-glass for the environment while its time lasts."""
    mine = BreakGlass.objects.filter(person=person, environment_id=environment_id, reviewed_at=None)
    return mine.filter(ends_at__gt=database_now()).first()


@transaction.atomic
def review(row: BreakGlass, *, by: Person, text: str) -> BreakGlass:
    """Close it, with some words about what was done: it ends at once, and may be used again afterwards.

    Raises Forbidden (one's own, or no right to approve there), Refused (reviewed already) or Unacceptable.
    """
    row = _locked(row)
    may_review(by, row).or_refuse()
    if row.reviewed_at:
        raise Refused("This has been reviewed already. Nothing was changed.", code="already_reviewed")
    row.review = _words(text, "review", "Say what was done and whether it was right.")
    now = database_now()
    row.reviewed_at, row.reviewed_by, row.ends_at = now, by, min(row.ends_at, now)
    row.save(update_fields=["reviewed_at", "reviewed_by", "ends_at", "review"])
    record(
        events.BREAK_GLASS_REVIEWED, row, by=by, incident=row.incident_id, name=row.person.name,
        environment=str(row.environment), review=row.review,
    )  # fmt: skip
    return row


def may_review(person: Person, row: BreakGlass) -> Answer:
    """Answer whether somebody may review it: another person, who may approve there or administers."""
    if person.pk == row.person_id:
        return no("You used it, so someone else must review it.")
    return YES if may(person, ADMINISTER, row) else may(person, APPROVE, row.environment)


def not_reviewed(organisation_id: Any) -> QuerySet[BreakGlass]:
    """Return what still has to be reviewed: at most one row."""
    return told(organisation_id).filter(reviewed_at=None)


def told(organisation_id: Any) -> QuerySet[BreakGlass]:
    """Return every use with what a page tells of it, the newest first."""
    rows = BreakGlass.objects.filter(organisation_id=organisation_id).prefetch_related("questions")
    return rows.select_related("person", "reviewed_by", "environment__service", "incident")


def _lock(organisation_id: Any) -> Organisation:
    """Let only one switch or opening of an organisation go on at a time."""
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation_id)


def _locked(row: BreakGlass) -> BreakGlass:
    rows: Iterable[BreakGlass] = BreakGlass.objects.select_for_update().filter(pk=row.pk)
    list(rows)
    return told(row.organisation_id).get(pk=row.pk)


def _words(text: str, field: str, missing: str) -> str:
    if not text.strip():
        raise Unacceptable(missing, field=field)
    if len(text.strip()) > LONGEST:
        raise Unacceptable(f"At most {LONGEST} characters.", field=field)
    return text.strip()
