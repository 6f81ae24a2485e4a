"""Intend, send, write down: one attempt of one part of one step.

The intent is committed before the provider is called and checked by the database's gate (freeze, fence, state, order).
No transaction is open while the outside is called.
"""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from apps.deployments.models import FreezeSwitch
from apps.providers.base import Call, Observation, Outcome, OutcomeKind, Seen
from apps.rollbacks import events, spool
from apps.rollbacks.approved import PlannedStep, idempotency_key, request_digest, sending
from apps.rollbacks.deciding import backoff
from apps.rollbacks.failpoints import failpoint
from apps.rollbacks.journal import Journal
from apps.rollbacks.leases import Heartbeat, Lease, LeaseLost, fenced
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move_attempt
from apps.rollbacks.states import AttemptState
from apps.timeline.clock import database_now
from apps.timeline.ids import new_id
from apps.timeline.log import SYSTEM, record

logger = logging.getLogger(__name__)

ENDINGS = {
    OutcomeKind.SUCCEEDED: AttemptState.SUCCEEDED,
    OutcomeKind.REJECTED: AttemptState.REJECTED,
    OutcomeKind.RETRY_LATER: AttemptState.REJECTED,
    OutcomeKind.NOT_SENT: AttemptState.NOT_SENT,
    OutcomeKind.AMBIGUOUS: AttemptState.AMBIGUOUS,
}


class Frozen(Exception):
    """The kill switch is on: no intent may be written here now."""


class Gone(Exception):
    """The gate refused the intent because the run has moved on: read again."""


class CannotTell(Exception):
    """The intent's commit ended without an answer and Postgres cannot be asked: stop, the row will tell."""


def attempt_once(
    lease: Lease,
    heart: Heartbeat,
    rollback: Rollback,
    planned: PlannedStep,
    part: str,
    kind: str,
    seen: Observation | None,
) -> None:
    """Write the intent, make the one call, write its result. `kind` is apply or compensate.

    Raises Frozen, Gone or CannotTell before anything is sent, LeaseLost when another worker has taken over.
    """
    call = planned.call(part) if kind == "apply" else planned.inverse(part)
    assert call is not None
    access = planned.access(rollback)  # opened first: what cannot be reached must not leave an intent behind
    attempt_id = new_id()
    heart.phase(settings.ENGINE_CALL_SECONDS + 10)
    intended = time.monotonic()
    _intend(lease, rollback, planned, part, kind, call, attempt_id, seen)
    failpoint("intent_committed")
    permit = Permission(lease, rollback, heart, intended)
    who = sending(
        rollback,
        planned,
        part,
        kind,
        attempt_id,
        deadline_seconds=settings.ENGINE_CALL_SECONDS,
        permit=permit,
    )
    journal = Journal()
    failpoint("before_send")
    with journal.listening():
        outcome = planned.provider.apply(access, call, who)
    failpoint("answered")
    _write_down(lease, planned, attempt_id, outcome, journal)
    failpoint("outcome_committed")


class Permission:
    """Asked right before every mutating request: is it still allowed?

    A permission is good for a second. After that Postgres is asked again, so that no request is first sent later than
    a second after a freeze, a cancellation or a takeover was committed.
    """

    def __init__(self, lease: Lease, rollback: Rollback, heart: Heartbeat, since: float) -> None:
        self.lease, self.rollback, self.heart = lease, rollback, heart
        self.confirmed = since

    def __call__(self) -> bool:
        if not self.heart.covers(settings.ENGINE_LEASE_SECONDS / 6):
            return False
        now = time.monotonic()
        if now - self.confirmed <= settings.ENGINE_SEND_WITHIN_SECONDS:
            return True
        if not self._still_stands():
            return False
        self.confirmed = now
        return True

    def _still_stands(self) -> bool:
        run = Rollback.objects.filter(pk=self.rollback.pk).values("fence", "state").first()
        frozen = FreezeSwitch.objects.filter(environment_id=self.rollback.environment_id, frozen=True).exists()
        return bool(run and run["fence"] == self.lease.fence and run["state"] == "running" and not frozen)


def _intend(
    lease: Lease, rollback: Rollback, planned: PlannedStep, part: str, kind: str, call: Call, attempt_id: UUID,
    seen: Observation | None,
) -> None:  # fmt: skip
    try:
        with fenced(lease) as run:
            step = Step.objects.get(rollback=run, position=planned.position)
            number = Attempt.objects.filter(step=step, kind=kind, part=part).count() + 1
            now = database_now()
            Attempt.objects.create(
                id=attempt_id,
                organisation_id=run.organisation_id,
                rollback=run,
                step=step,
                position=step.position,
                kind=kind,
                part=part,
                number=number,
                fence=lease.fence,
                idempotency_key=idempotency_key(run, step.position, part, kind),
                request_digest=request_digest(call),
                baseline=dict(seen.identity) if seen else {},
                intended_at=now,
                send_before=now + timedelta(seconds=settings.ENGINE_SEND_WITHIN_SECONDS + settings.ENGINE_CALL_SECONDS),
            )
            record(
                events.ATTEMPT_INTENDED, run, by=SYSTEM, incident=run.incident_id, position=step.position,
                name=f"{step.name}, {part}" if part else step.name, provider=planned.provider.name, number=number,
            )  # fmt: skip
            failpoint("before_intent_commit")
    except (OperationalError, InterfaceError) as lost:
        _ask_whether_committed(attempt_id, lost)
    except DatabaseError as refused:
        _explain(refused)


def _explain(refused: DatabaseError) -> None:
    code = getattr(refused.__cause__, "sqlstate", "") or ""
    if code == "RG001":
        raise Frozen from refused
    if code == "RG002":
        raise LeaseLost from refused
    if code in {"RG003", "RG004"}:
        raise Gone from refused
    raise refused


def _ask_whether_committed(attempt_id: UUID, lost: Exception) -> None:
    """An error at COMMIT does not say that nothing was committed: ask for the row by its id."""
    connection.close()
    try:
        if Attempt.objects.filter(pk=attempt_id).exists():
            return
    except DatabaseError:
        raise CannotTell from lost
    raise Gone from lost


def _write_down(lease: Lease, planned: PlannedStep, attempt_id: UUID, outcome: Outcome, journal: Journal) -> None:
    failpoint("before_outcome_commit")
    try:
        with fenced(lease) as run:
            attempt = Attempt.objects.get(pk=attempt_id)
            close_attempt(run, attempt, outcome)
            journal.write(run, planned.position)
    except (LeaseLost, DatabaseError):
        connection.close()
        spool.keep(attempt_id, {"outcome": outcome.kind, "message": outcome.message, "status": outcome.status})
        raise


def close_attempt(run: Rollback, attempt: Attempt, outcome: Outcome) -> None:
    """Write how a call ended, and when the next attempt may follow. The caller holds the fenced transaction."""
    now = database_now()
    attempt.status = outcome.status
    attempt.retryable = outcome.retryable or outcome.kind in {OutcomeKind.RETRY_LATER, OutcomeKind.NOT_SENT}
    attempt.needs_operator = outcome.needs_operator
    attempt.evidence = _plain(asdict(outcome))
    attempt.sent_at = None if outcome.kind is OutcomeKind.NOT_SENT else attempt.intended_at
    wait = timedelta(seconds=outcome.retry_after_seconds) if outcome.retry_after_seconds else backoff(attempt.number)
    attempt.retry_at = now + wait if attempt.retryable else None
    move_attempt(attempt, ENDINGS[outcome.kind], message=outcome.message)
    _light_lamps(attempt, outcome)
    if attempt.sent_at:
        note_first_call(run, attempt)
    record(
        events.ATTEMPT_ENDED, run, by=SYSTEM, incident=run.incident_id, position=attempt.position,
        message=outcome.message, outcome=outcome.kind, number=attempt.number,
    )  # fmt: skip


def note_first_call(run: Rollback, attempt: Attempt) -> None:
    """Keep when the run's first request went out, or may have."""
    if run.first_call_at is None:
        run.first_call_at = attempt.intended_at
        run.save(update_fields=["first_call_at"])


LAMP_STATES = {
    OutcomeKind.SUCCEEDED: ("done", "done"),
    OutcomeKind.REJECTED: ("done", "failed"),
    OutcomeKind.RETRY_LATER: ("done", "running"),
    OutcomeKind.NOT_SENT: ("waiting", "waiting"),
    OutcomeKind.AMBIGUOUS: ("done", "unknown"),
}


def _light_lamps(attempt: Attempt, outcome: Outcome) -> None:
    step = attempt.step
    now = database_now().isoformat()
    requested, accepted = LAMP_STATES[outcome.kind]
    step.lamps = {
        **step.lamps,
        "requested": {"state": requested, "at": now, "text": "sent" if attempt.sent_at else "not sent"},
        "accepted": {"state": accepted, "at": now, "text": outcome.message},
    }
    step.save(update_fields=["lamps"])


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key in {"message", "status", "external_url", "evidence"}}


def observe(rollback: Rollback, planned: PlannedStep, part: str, kind: str, journal: Journal) -> Observation:
    """Read what a part is about, outside any transaction."""
    call = planned.call(part) if kind == "apply" else planned.inverse(part)
    assert call is not None
    who = sending(rollback, planned, part, kind, "observation")
    with journal.listening():
        seen = planned.provider.observe(planned.access(rollback), call, who)
    journal.note(f"{planned.provider.name}: {seen.summary}")
    return seen


def is_desired(seen: Observation) -> bool:
    """Say whether what was seen is what the call wants."""
    return seen.seen is Seen.DESIRED
