"""Advance a rollback as far as it can go now: lease, decide, do one thing, again.

`advance` is the one door for a hint, the poll, a sweep and a recovery, so a duplicate is harmless. It knows nothing of
Celery. Whoever must wait gives the lease back and says when to come again; nobody sleeps holding a lease.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from apps.providers.base import ProviderError
from apps.providers.sealing import SealBroken
from apps.rollbacks import ending, events, proving, reconciling, sending
from apps.rollbacks.approved import PlannedStep, steps_of
from apps.rollbacks.deciding import (
    AskPerson,
    Begin,
    Decision,
    Fail,
    Finish,
    MarkPutBack,
    Prove,
    PutBack,
    Reconcile,
    Rest,
    Send,
    StartCompensation,
    Wait,
    decide,
)
from apps.rollbacks.failpoints import failpoint
from apps.rollbacks.journal import Journal
from apps.rollbacks.leases import Heartbeat, Lease, LeaseLost, acquire, fenced, release
from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.moving import move, move_step
from apps.rollbacks.states import OPEN, RollbackState, StepState
from apps.rollbacks.viewing import view_of
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record

logger = logging.getLogger(__name__)

AT_ONCE = 0.0
FROZEN_SECONDS = 2.0
TROUBLE_SECONDS = 5.0


class Stop(Exception):
    """Give the lease back. `wake_in` is in seconds; None: only somebody's deed wakes the run."""

    def __init__(self, wake_in: float | None) -> None:
        self.wake_in = wake_in


def advance(rollback_id: UUID) -> bool:
    """Do whatever can be done now for this rollback. Returns False when somebody else is at it or nothing is to do.

    Never raises for what the outside or another worker does; the row says how it stands.
    """
    lease = acquire(rollback_id)
    if lease is None:
        return False
    failpoint("leased")
    wake_in: float | None = TROUBLE_SECONDS
    try:
        with Heartbeat(lease) as heart:
            while True:
                _one_thing(lease, heart)
    except Stop as stop:
        wake_in = stop.wake_in
    except (LeaseLost, sending.CannotTell):
        return True
    except DatabaseError:
        logger.warning(
            "Postgres went away while %s was advanced; the row tells how to go on.",
            rollback_id,
            exc_info=True,
        )
        connection.close()
        return True
    except Exception as unforeseen:
        logger.exception("Advancing %s met something unforeseen; a person is asked.", rollback_id)
        wake_in = _ask_about(lease, unforeseen)
    release(lease, wake_in)
    failpoint("released")
    return True


def _ask_about(lease: Lease, unforeseen: Exception) -> float | None:
    """Never stuck silently: say on the page that the portal itself failed. Returns when to look again, in seconds.

    An attempt that is still open is cleared up first, so the run is looked at again even while it waits for a person.
    """
    step = Step.objects.filter(rollback=lease.rollback_id).exclude(state__in=["succeeded", "skipped"]).first()
    what = str(unforeseen) if isinstance(unforeseen, ProviderError | SealBroken) else type(unforeseen).__name__
    if step and Rollback.objects.filter(pk=lease.rollback_id, state__in=["running", "cancelling"]).exists():
        reason = f"The portal could not go on by itself: {what}. Nothing more is sent until somebody decides."
        ending.ask_person(lease, step.position, reason)
    is_open = Attempt.objects.filter(rollback=lease.rollback_id, state__in=sorted(OPEN)).exists()
    return TROUBLE_SECONDS if is_open else None


def _one_thing(lease: Lease, heart: Heartbeat) -> None:
    heart.phase(settings.ENGINE_CALL_SECONDS + 10)
    rollback = _load(lease)
    if rollback.state == RollbackState.QUEUED and not rollback.cancel_requested and not rollback.pause_requested:
        _begin_run(lease)
        return
    planned = steps_of(rollback)
    decision = decide(view_of(rollback, planned), database_now())
    _carry_out(decision, lease, heart, rollback, planned)


def _load(lease: Lease) -> Rollback:
    rollback = Rollback.objects.select_related(
        "plan",
        "incident",
        "environment",
        "environment__service",
        "target",
        "previous",
        "service",
        "organisation",
    ).get(pk=lease.rollback_id)
    if rollback.fence != lease.fence:
        raise LeaseLost
    return rollback


def _begin_run(lease: Lease) -> None:
    with fenced(lease) as run:
        move(run, RollbackState.RUNNING)
        record(events.BEGUN, run, by=SYSTEM, incident=run.incident_id, title=ending.title(run))


def _carry_out(
    decision: Decision, lease: Lease, heart: Heartbeat, rollback: Rollback, planned: dict[int, PlannedStep]
) -> None:
    match decision:
        case Reconcile(position):
            _go_on(_reconcile(lease, rollback, planned[position]))
        case Begin(position):
            _begin_step(lease, position)
        case Send(position, part):
            _send(lease, heart, rollback, planned[position], part)
        case Prove(position):
            heart.phase(60)
            _go_on(proving.prove(lease, rollback, planned[position], _step(rollback, position)))
        case Fail(position, message):
            proving.fail(lease, position, message)
        case AskPerson(position, reason):
            ending.ask_person(lease, position, reason)
            raise Stop(None)
        case PutBack(position, part):
            _guarded(lease, heart, rollback, planned[position], part, "compensate", None)
        case MarkPutBack(position):
            ending.mark_put_back(lease, position)
        case StartCompensation():
            ending.start_compensation(lease)
        case Finish(state, reason):
            ending.finish(lease, state, reason)
            raise Stop(None)
        case Wait(until):
            raise Stop(max(0.2, (until - database_now()).total_seconds()))
        case Rest():
            raise Stop(None)


def _go_on(seconds: float) -> None:
    if seconds > AT_ONCE:
        raise Stop(seconds)


def _step(rollback: Rollback, position: int) -> Step:
    return Step.objects.get(rollback=rollback, position=position)


def _reconcile(lease: Lease, rollback: Rollback, planned: PlannedStep) -> float:
    attempt = Attempt.objects.get(rollback=rollback, position=planned.position, state__in=sorted(OPEN))
    return reconciling.reconcile(lease, rollback, planned, attempt)


def _begin_step(lease: Lease, position: int) -> None:
    with fenced(lease) as run:
        step = Step.objects.get(rollback=run, position=position)
        move_step(step, StepState.RUNNING)
        record(
            events.STEP_STARTED, run, by=SYSTEM, incident=run.incident_id, position=position, name=step.name,
            provider=step.provider,
        )  # fmt: skip


def _send(lease: Lease, heart: Heartbeat, rollback: Rollback, planned: PlannedStep, part: str) -> None:
    """Observe, compare with the plan, and only then send."""
    journal = Journal()
    seen = sending.observe(rollback, planned, part, "apply", journal)
    failpoint("observed")
    if sending.is_desired(seen):
        _already(lease, planned, part, seen.summary, journal)
        return
    expected = planned.expected(part)
    drifted = expected is not None and seen.identity and dict(seen.identity) != dict(expected)
    with fenced(lease) as run:
        journal.write(run, planned.position)
    if drifted and not seen.under_way:
        ending.ask_person(
            lease,
            planned.position,
            f"This is not what the plan was made for: {seen.summary} Nothing was sent. Plan again, or look and decide.",
        )
        raise Stop(None)
    _guarded(lease, heart, rollback, planned, part, "apply", seen)


def _guarded(
    lease: Lease, heart: Heartbeat, rollback: Rollback, planned: PlannedStep, part: str, kind: str, seen: Any
) -> None:
    try:
        sending.attempt_once(lease, heart, rollback, planned, part, kind, seen)
    except sending.Frozen:
        ending.hold_for_freeze(lease)
        raise Stop(FROZEN_SECONDS)
    except sending.Gone:
        return  # a pause, a cancellation: the next look at the rows decides


def _already(lease: Lease, planned: PlannedStep, part: str, summary: str, journal: Journal) -> None:
    with fenced(lease) as run:
        step = Step.objects.get(rollback=run, position=planned.position)
        found = step.baseline.get("already", [])
        step.baseline = {**step.baseline, "already": [*found, part]}
        step.save(update_fields=["baseline"])
        journal.write(run, step.position)
        record(events.ALREADY, run, by=SYSTEM, incident=run.incident_id, position=step.position, message=summary)
