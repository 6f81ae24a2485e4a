"""What people do to an incident, in the order of its life. Each verb locks, asks, changes and records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Organisation, Person
from apps.deployments import entering
from apps.deployments.models import Deployment, Environment, Service
from apps.incidents import events
from apps.incidents.models import Incident, Severity
from apps.incidents.permissions import may_declare, may_lead
from apps.incidents.states import IncidentState, move
from apps.incidents.texts import plain
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.log import SYSTEM, record

NOTE_LIMIT = 4000  # characters


@transaction.atomic
def declare(
    organisation: Organisation,
    *,
    by: Any,
    title: str,
    severity: str,
    service: Service,
    environment: Environment,
    summary: str = "",
    started_at: datetime | None = None,
    externally_visible: bool = False,
    affected_users_percent: float | None = None,
) -> Incident:
    """Say that something is wrong, by a Person or SYSTEM. The title is what stakeholders read; the summary is internal.

    `started_at` is now when absent. Raises Forbidden or Unacceptable.
    """
    may_declare(by, environment).or_refuse()
    _refuse_foreign_place(organisation, service, environment)
    now = timezone.now()
    incident = Incident.objects.create(
        organisation=organisation,
        number=_next_number(organisation),
        title=_title(title),
        severity=_severity(severity),
        service=service,
        environment=environment,
        summary=plain(summary, "summary", limit=NOTE_LIMIT, required=False),
        started_at=_started(started_at, now),
        externally_visible=externally_visible,
        affected_users_percent=_percent(affected_users_percent),
        declared_by_id=by.pk,
        commander_id=by.pk,
    )
    record(events.DECLARED, incident, by=by, incident=incident, severity=incident.severity, title=incident.title)
    return incident


@transaction.atomic
def take_command(incident: Incident, *, by: Person) -> Incident:
    """Lead the incident from now on. Repeating it changes nothing."""
    incident = _lock_active(incident)
    may_lead(by, incident).or_refuse()
    if incident.commander_id == by.pk:
        return incident
    incident.commander = by
    incident.save(update_fields=["commander"])
    record(events.COMMAND_TAKEN, incident, by=by, incident=incident)
    return incident


@transaction.atomic
def change_severity(incident: Incident, *, by: Person, severity: str, reason: str = "") -> Incident:
    """Say how bad it is now, and why it is judged differently. Raises Unacceptable for an unknown severity."""
    incident = _lock_active(incident)
    may_lead(by, incident).or_refuse()
    before, after = incident.severity, _severity(severity)
    if before == after:
        return incident
    incident.severity = after
    incident.save(update_fields=["severity"])
    record(
        events.SEVERITY_CHANGED,
        incident,
        by=by,
        incident=incident,
        before=before,
        after=after,
        because=_because(reason),
    )
    return incident


@transaction.atomic
def note(incident: Incident, *, by: Person, text: str) -> Incident:
    """Write something down for those who work on it; stakeholders never see it. A resolved incident takes notes too."""
    incident = _lock(incident)
    may_lead(by, incident).or_refuse()
    if not text.strip():
        raise Unacceptable("Write the note first.", field="text")
    record(events.NOTED, incident, by=by, incident=incident, note=plain(text, "text", limit=NOTE_LIMIT))
    return incident


@transaction.atomic
def identify(incident: Incident, *, by: Person, suspect: Deployment | None = None, reason: str = "") -> Incident:
    """Say that the cause is known, and which release it is. Naming another suspect later is allowed."""
    incident = _lock_active(incident)
    may_lead(by, incident).or_refuse()
    if suspect and suspect.environment_id != incident.environment_id:
        raise Unacceptable("That release was never in the environment of this incident.", field="suspect")
    if suspect and suspect.pk != incident.suspect_id:
        incident.suspect = suspect
        record(
            events.SUSPECTED,
            incident,
            by=by,
            incident=incident,
            release=suspect.version,
            because=_because(reason),
        )
    if incident.state in (IncidentState.INVESTIGATING, IncidentState.MONITORING):
        move(incident, IncidentState.IDENTIFIED)
        record(events.IDENTIFIED, incident, by=by, incident=incident)
    incident.save(update_fields=["suspect", "state"])
    return incident


@transaction.atomic
def begin_recovery(incident: Incident, *, by: Any = SYSTEM) -> Incident:
    """Say that a rollback has started. Called inside the transaction that starts it; repeating it changes nothing."""
    incident = _lock(incident)
    if incident.state == IncidentState.ROLLING_BACK:
        return incident
    move(incident, IncidentState.ROLLING_BACK)
    incident.save(update_fields=["state"])
    record(events.RECOVERY_BEGUN, incident, by=by, incident=incident)
    return incident


@transaction.atomic
def halt_recovery(incident: Incident, *, reason: str, by: Any = SYSTEM) -> Incident:
    """Say that the rollback ended without bringing the service back (failed, cancelled): a person must decide anew."""
    incident = _lock(incident)
    if incident.state != IncidentState.ROLLING_BACK:
        return incident
    move(incident, IncidentState.IDENTIFIED)
    incident.save(update_fields=["state"])
    record(events.RECOVERY_HALTED, incident, by=by, incident=incident, reason=reason)
    return incident


@transaction.atomic
def monitor(incident: Incident, *, by: Any = SYSTEM) -> Incident:
    """Say that the rollback succeeded and the service is watched before it is called solved."""
    incident = _lock(incident)
    if incident.state != IncidentState.ROLLING_BACK:
        return incident
    move(incident, IncidentState.MONITORING)
    incident.save(update_fields=["state"])
    record(events.MONITORED, incident, by=by, incident=incident)
    return incident


@transaction.atomic
def resolve(incident: Incident, *, by: Person, note: str = "") -> Incident:
    """Say that it is over. The note stays inside; stakeholders read that it is resolved.

    Raises Refused while a rollback runs.
    """
    incident = _lock(incident)
    may_lead(by, incident).or_refuse()
    move(incident, IncidentState.RESOLVED)
    incident.resolved_at = timezone.now()
    incident.next_update_at = None
    incident.save(update_fields=["state", "resolved_at", "next_update_at"])
    if note := plain(note, "note", limit=NOTE_LIMIT, required=False):
        record(events.NOTED, incident, by=by, incident=incident, note=note)
    record(events.RESOLVED, incident, by=by, incident=incident)
    return incident


def _lock(incident: Incident) -> Incident:
    return Incident.objects.select_for_update(no_key=True).get(pk=incident.pk, organisation_id=incident.organisation_id)


def _lock_active(incident: Incident) -> Incident:
    incident = _lock(incident)
    if incident.state == IncidentState.RESOLVED:
        raise Refused("This incident is resolved. Nothing was changed.", state=incident.state)
    return incident


def _next_number(organisation: Organisation) -> int:
    """Count one further. The lock ends with the transaction, so a number is neither given twice nor lost."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"incident-number:{organisation.pk}"])
    newest = Incident.objects.filter(organisation=organisation).order_by("-number").values_list("number", flat=True)
    return (newest.first() or 0) + 1


def _refuse_foreign_place(organisation: Organisation, service: Service, environment: Environment) -> None:
    if service.organisation_id != organisation.pk or environment.service_id != service.pk:
        raise Unacceptable(
            "There is no such service and environment here.", field="environment", code="unknown_reference"
        )


def _title(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Unacceptable("Say in a few words what is broken.", field="title")
    return plain(text, "title", limit=200)


def _severity(value: str) -> str:
    if value not in Severity.values:
        raise Unacceptable("The severity is one of P0, P1, P2 or P3.", field="severity")
    return value


def _started(moment: datetime | None, now: datetime) -> datetime:
    if moment is None:
        return now
    return min(entering.moment(moment, "started_at"), now)


def _percent(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 100:
        raise Unacceptable("The affected users are a share from 0 to 100 percent.", field="affected_users_percent")
    return value


def _because(reason: str) -> str:
    reason = plain(reason, "reason", limit=NOTE_LIMIT, required=False)
    return f": {reason}" if reason else ""
