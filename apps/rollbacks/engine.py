"""Advance a rollback as far as it can go now: lease, decide, do one thing, again.

`advance` is the one door for a hint, the poll, a sweep and a recovery, so a duplicate is harmless. It knows nothing of
Celery. Whoever must wait gives the lease back and says when to come again; nobody sleeps holding a lease.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection

from apps.providers.base import ProviderError
from apps.providers.sealing import SealBroken
from apps.rollbacks import beginning, ending, gating, proving, reconciling, sending
from apps.rollbacks.deciding import (
    AskAgreement,
    AskPerson,
    Begin,
    Decision,
    Fail,
    Finish,
    MarkPutBack,
    PassGate,
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
from apps.rollbacks.held import HeldRun
from apps.rollbacks.known import LookAgain
from apps.rollbacks.leases import Exhausted, Heartbeat, Lease, LeaseLost, acquire, fenced, release
from apps.rollbacks.models import Attempt
from apps.rollbacks.states import OPEN, RollbackState
from apps.timeline.answers import Refused
from apps.timeline.clock import database_now

logger = logging.getLogger(__name__)

AT_ONCE = 0.0
FROZEN_SECONDS = 2.0
TROUBLE_SECONDS = 5.0
MOVED_SECONDS = 0.2


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
        with Heartbeat(lease) as heart, HeldRun(lease, heart) as held:
            while True:
                with suppress(LookAgain):
                    _one_thing(held)
    except Stop as stop:
        wake_in = stop.wake_in
    except (LeaseLost, sending.CannotTell):
        return True
    except LookAgain:
        wake_in = AT_ONCE
    except Refused as moved:
        # A person moved the run between our look and our write: look again, with nothing of the old look kept.
        logger.info("%s moved on while it was advanced: %s", rollback_id, moved)
        wake_in = MOVED_SECONDS
    except DatabaseError:
        logger.warning(
            "Postgres went away while %s was advanced; the row tells how to go on.",
            rollback_id,
            exc_info=True,
        )
        connection.close()
        return True
    except Exhausted as shortage:
        logger.warning("%s waits %s s: this machine is exhausted (%s).", rollback_id, TROUBLE_SECONDS, shortage)
    except Exception as unforeseen:
        logger.exception("Advancing %s met something unforeseen; a person is asked.", rollback_id)
        try:
            wake_in = _ask_about(lease, unforeseen)
        except LeaseLost:
            return True
    release(lease, wake_in)
    failpoint("released")
    return True


def _ask_about(lease: Lease, unforeseen: Exception) -> float | None:
    """Never stuck silently: say on the page that the portal itself failed. Returns when to look again, in seconds.

    Only a run that waits for a person rests. An attempt that is still open is cleared up first, so such a run is looked
    at again even then; and one that has not begun yet has no step to ask about, so it is tried again.
    """
    what = str(unforeseen) if isinstance(unforeseen, ProviderError | SealBroken) else type(unforeseen).__name__
    with fenced(lease) as run:
        step = run.steps.exclude(state__in=["succeeded", "skipped"]).first()
        if step and run.state in {RollbackState.RUNNING, RollbackState.CANCELLING}:
            reason = f"The portal could not go on by itself: {what}. Nothing more is sent until somebody decides."
            ending.put_question(run, step, reason)
        rests = run.state == RollbackState.NEEDS_OPERATOR
    is_open = Attempt.objects.filter(rollback=lease.rollback_id, state__in=sorted(OPEN)).exists()
    return None if rests and not is_open else TROUBLE_SECONDS


def _one_thing(held: HeldRun) -> None:
    held.heart.phase(settings.ENGINE_CALL_SECONDS + 10)
    now = held.look()
    run = held.rollback
    if run.state == RollbackState.QUEUED and not run.cancel_requested and not run.pause_requested:
        beginning.begin_run(held)
        return
    _carry_out(decide(held.view(), now), held)


def _carry_out(decision: Decision, held: HeldRun) -> None:
    match decision:
        case Reconcile(position):
            _go_on(reconciling.reconcile(held, position))
        case Begin(position):
            beginning.begin_step(held, position)
        case AskAgreement(position):
            gating.ask_people(held, position)
        case PassGate(position):
            beginning.pass_gate(held, position)
        case Send(position, part):
            _guarded(held, position, part, "apply")
        case Prove(position):
            held.heart.phase(60)
            _go_on(proving.prove(held, position))
        case Fail(position, message):
            proving.fail(held, position, message)
        case AskPerson(position, reason):
            ending.ask_person(held, position, reason)
            raise Stop(None)
        case PutBack(position, part):
            _guarded(held, position, part, "compensate")
        case MarkPutBack(position):
            ending.mark_put_back(held, position)
        case StartCompensation():
            ending.start_compensation(held)
        case Finish(state, reason):
            ending.finish(held, state, reason)
            raise Stop(None)
        case Wait(until):
            raise Stop(max(0.2, (until - database_now()).total_seconds()))
        case Rest():
            raise Stop(None)


def _go_on(seconds: float) -> None:
    if seconds > AT_ONCE:
        raise Stop(seconds)


def _guarded(held: HeldRun, position: int, part: str, kind: str) -> None:
    try:
        if kind == "apply":
            sending.look_then_send(held, position, part)
        else:
            sending.attempt_once(held, position, part, kind)
    except sending.Drifted as drift:
        ending.ask_person(held, position, str(drift))
        raise Stop(None)
    except sending.Frozen:
        ending.hold_for_freeze(held)
        raise Stop(FROZEN_SECONDS)
    except sending.Gone:
        return  # a pause, a cancellation: the next look at the rows decides
