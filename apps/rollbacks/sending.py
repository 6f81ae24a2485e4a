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
from apps.rollbacks.airlocks import why_not_now
from apps.rollbacks.approved import PlannedStep, idempotency_key, request_digest, sending
from apps.rollbacks.deciding import backoff
from apps.rollbacks.failpoints import failpoint
from apps.rollbacks.held import HeldRun
from apps.rollbacks.journal import Journal
from apps.rollbacks.known import CLOCKS_APART
from apps.rollbacks.leases import Heartbeat, Lease, LeaseLost
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move_attempt, move_step
from apps.rollbacks.states import AttemptState, StepState
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from apps.timeline.writing import insert, update

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


class Drifted(Exception):
    """The outside is not as the plan was made for; the text is a sentence for people."""


class CannotTell(Exception):
    """The intent's commit ended without an answer and Postgres cannot be asked: stop, the row will tell."""


def look_then_send(held: HeldRun, position: int, part: str) -> None:
    """Observe, compare with the plan, and only then make the attempt.

    Raises Drifted when the outside is neither what the plan was made for nor what it wants, or when the airlock of
    something destructive is shut by now, besides what `attempt_once` raises.
    """
    planned, journal = held.planned[position], Journal()
    seen = observe(held, planned, part, "apply", journal)
    failpoint("observed")
    if seen.seen is Seen.DESIRED:
        _already(held, position, part, seen.summary, journal)
        return
    expected = planned.expected(part)
    if expected is not None and seen.identity and dict(seen.identity) != dict(expected) and not seen.under_way:
        what = "This is not what the plan was made for"
        stop = f"{what}: {seen.summary} Nothing was sent. Plan again, or look and decide."
    else:
        stop = why_not_now(held, position, part, journal)
    if stop:
        with held.fenced():
            held.write_lines(journal, position)
        raise Drifted(stop)
    attempt_once(held, position, part, "apply", seen, journal)


def attempt_once(
    held: HeldRun, position: int, part: str, kind: str, seen: Observation | None = None, looked: Journal | None = None
) -> None:
    """Write the intent, make the one call, write its result. `kind` is apply or compensate.

    `seen` and `looked` are what was observed before, and the lines of that look. Raises Frozen, Gone or CannotTell
    before anything is sent, LeaseLost when another worker has taken over.
    """
    planned = held.planned[position]
    call = planned.call(part) if kind == "apply" else planned.inverse(part)
    assert call is not None
    access = held.access(planned)  # opened first: what cannot be reached must not leave an intent behind
    held.heart.phase(settings.ENGINE_CALL_SECONDS + 10)
    held.heart.secure(settings.ENGINE_CALL_SECONDS + 5)
    intended = time.monotonic()
    attempt = _intend(held, position, part, kind, call, seen, looked or Journal())
    failpoint("intent_committed")
    permit, seconds = Permission(held.lease, held.rollback, held.heart, intended), settings.ENGINE_CALL_SECONDS
    who = sending(held.rollback, planned, part, kind, attempt.pk, deadline_seconds=seconds, permit=permit)
    journal = Journal()
    failpoint("before_send")
    with journal.listening():
        outcome = planned.provider.apply(access, call, who)
    failpoint("answered")
    _write_down(held, attempt, outcome, journal)
    failpoint("outcome_committed")


def _already(held: HeldRun, position: int, part: str, summary: str, journal: Journal) -> None:
    with held.fenced() as run:
        step = held.steps[position]
        found = step.baseline.get("already", [])
        step.baseline = {**step.baseline, "already": [*found, part]}
        step.save(update_fields=["baseline"])
        held.write_lines(journal, position)
        record(events.ALREADY, run, by=SYSTEM, incident=run.incident_id, position=position, message=summary)


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
    held: HeldRun, position: int, part: str, kind: str, call: Call, seen: Observation | None, looked: Journal
) -> Attempt:
    """Commit the intent. The gate (migration 0002) decides whether it may be."""
    step, made = held.steps[position], held.tries(position, kind, part)
    attempt = Attempt(
        organisation_id=held.rollback.organisation_id,
        rollback=held.rollback,
        step=step,
        position=position,
        kind=kind,
        part=part,
        number=made[-1].number + 1 if made else 1,
        fence=held.lease.fence,
        owner=held.lease.owner,
        idempotency_key=idempotency_key(held.rollback, position, part, kind),
        request_digest=request_digest(call),
        baseline=dict(seen.identity) if seen else {},
    )

    def deed(run: Rollback) -> None:
        attempt.intended_at = database_now()
        attempt.send_before = attempt.intended_at + timedelta(
            seconds=settings.ENGINE_SEND_WITHIN_SECONDS + settings.ENGINE_CALL_SECONDS + CLOCKS_APART
        )
        held.write_lines(looked, position)
        insert(attempt)
        record(
            events.ATTEMPT_INTENDED, run, by=SYSTEM, incident=run.incident_id, position=position,
            name=f"{step.name}, {part}" if part else step.name, provider=held.planned[position].provider.name,
            number=attempt.number,
        )  # fmt: skip
        failpoint("before_intent_commit")

    try:
        held.write(deed)
    except (OperationalError, InterfaceError) as lost:
        _ask_whether_committed(attempt.pk, lost)
    except DatabaseError as refused:
        _explain(refused)
    held.attempts.append(attempt)
    return attempt


def _explain(refused: DatabaseError) -> None:
    code = getattr(refused.__cause__, "sqlstate", "") or ""
    if code in {"RG001", "RG002"}:
        raise (Frozen if code == "RG001" else LeaseLost) from refused
    if code in {"RG003", "RG004"}:
        raise Gone from refused
    if code == "RG009":
        raise Drifted("The people of this step have not agreed to it. Nothing was sent.") from refused
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


def _write_down(held: HeldRun, attempt: Attempt, outcome: Outcome, journal: Journal) -> None:
    """Write how the call ended, and where the step stands with it."""
    failpoint("before_outcome_commit")
    known = {"outcome": outcome.kind, "message": outcome.message, "status": outcome.status}

    def deed(run: Rollback) -> None:
        # The very row that is held: it may have been read again since the intent was written.
        row = next(one for one in held.attempts if one.pk == attempt.pk)
        step = held.steps[row.position]
        close_attempt(run, step, row, outcome)
        held.write_lines(journal, row.position)
        if row.kind == "apply" and held.is_applied(row.position):
            move_step(step, StepState.VERIFYING)
            record(events.VERIFYING, run, by=SYSTEM, incident=run.incident_id, position=step.position)
        else:
            update(step, ("lamps",))

    held.write(deed, later=True, lost=lambda: spool.keep(attempt.pk, known))


def close_attempt(run: Rollback, step: Step, attempt: Attempt, outcome: Outcome) -> None:
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
    _light_lamps(step, attempt, outcome)
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
        update(run, ("first_call_at",))


LAMP_STATES = {
    OutcomeKind.SUCCEEDED: ("done", "done"),
    OutcomeKind.REJECTED: ("done", "failed"),
    OutcomeKind.RETRY_LATER: ("done", "running"),
    OutcomeKind.NOT_SENT: ("waiting", "waiting"),
    OutcomeKind.AMBIGUOUS: ("done", "unknown"),
}


def _light_lamps(step: Step, attempt: Attempt, outcome: Outcome) -> None:
    now = database_now().isoformat()
    requested, accepted = LAMP_STATES[outcome.kind]
    step.lamps = {
        **step.lamps,
        "requested": {"state": requested, "at": now, "text": "sent" if attempt.sent_at else "not sent"},
        "accepted": {"state": accepted, "at": now, "text": outcome.message},
    }


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key in {"message", "status", "external_url", "evidence"}}


def observe(held: HeldRun, planned: PlannedStep, part: str, kind: str, journal: Journal) -> Observation:
    """Read what a part is about, outside any transaction."""
    call = planned.call(part) if kind == "apply" else planned.inverse(part)
    assert call is not None
    who = sending(held.rollback, planned, part, kind, "observation")
    with journal.listening():
        seen = planned.provider.observe(held.access(planned), call, who)
    journal.note(f"{planned.provider.name}: {seen.summary}")
    return seen
