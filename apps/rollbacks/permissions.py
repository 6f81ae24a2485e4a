"""Who may do what to a rollback, and why not."""

from __future__ import annotations

from typing import Any

from apps.accounts import rights
from apps.accounts.permissions import may
from apps.rollbacks.models import Rollback
from apps.rollbacks.states import FINAL, RollbackState
from apps.timeline.answers import YES, Answer, no


def may_propose(person: Any, environment: Any) -> Answer:
    """Answer whether a rollback of this environment may be proposed."""
    return may(person, rights.PROPOSE, environment)


def may_operate(person: Any, rollback: Rollback) -> Answer:
    """Answer whether the person may pause, resume, cancel, or decide about steps."""
    return may(person, rights.OPERATE, rollback)


def can_pause(rollback: Rollback) -> Answer:
    """Answer whether pausing makes sense now."""
    if rollback.pause_requested:
        return no("It pauses as soon as the step under way has ended.")
    if rollback.state not in {RollbackState.RUNNING, RollbackState.QUEUED}:
        return no(f"It is {rollback.get_state_display().lower()}, so there is nothing to pause.")
    return YES


def can_resume(rollback: Rollback) -> Answer:
    """Answer whether resuming makes sense now."""
    if rollback.state == RollbackState.PAUSED:
        return YES
    if rollback.pause_requested and rollback.state in {RollbackState.RUNNING, RollbackState.QUEUED}:
        return YES  # it has not come to rest yet
    return no(f"It is {rollback.get_state_display().lower()}, so there is nothing to resume.")


def can_cancel(rollback: Rollback) -> Answer:
    """Answer whether cancelling makes sense now."""
    if rollback.cancel_requested and rollback.state not in {*FINAL, RollbackState.NEEDS_OPERATOR}:
        return no("It is being cancelled already.")
    if rollback.state in FINAL:
        return no(f"It is {rollback.get_state_display().lower()}; what was done stays done.")
    return YES
