"""The one place that assigns a state to a rollback, a step or an attempt."""

from __future__ import annotations

from apps.rollbacks.models import Attempt, Rollback, Step
from apps.rollbacks.states import ATTEMPT_MOVES, FINAL, ROLLBACK_MOVES, STEP_MOVES
from apps.timeline.answers import Refused
from apps.timeline.clock import database_now
from apps.timeline.writing import update

MOVED = ("state", "message", "started_at", "applied_at", "finished_at", "lamps", "proof", "baseline")
CLOSED = (
    "state", "message", "finished_at", "sent_at", "status", "retryable", "needs_operator", "retry_at", "evidence",
)  # fmt: skip


def move(rollback: Rollback, state: str, *, reason: str = "") -> None:
    """Give the rollback its next state. Raises Refused when the table of moves has no such move."""
    if state not in ROLLBACK_MOVES[rollback.state]:
        raise Refused(
            f"{rollback.reference} is {rollback.get_state_display().lower()}, so this cannot be done now.",
            state=rollback.state,
        )
    rollback.state = state
    rollback.reason = reason
    if state in FINAL:
        rollback.finished_at = database_now()
    rollback.save(update_fields=["state", "reason", "finished_at"])


def move_step(step: Step, state: str, *, message: str = "") -> None:
    """Give the step its next state. Raises Refused when the table of moves has no such move."""
    if state not in STEP_MOVES[step.state]:
        raise Refused(f"Step {step.position} is {step.get_state_display().lower()}, so this cannot be done now.")
    now = database_now()
    step.state = state
    step.message = message
    if state == "running" and step.started_at is None:
        step.started_at = now
    if state == "verifying":
        step.applied_at = now
    step.finished_at = now if state in {"succeeded", "failed", "skipped"} else None
    update(step, MOVED)


def move_attempt(attempt: Attempt, state: str, *, message: str) -> None:
    """Close the attempt, or mark it as unclear. The database checks the move and the fence."""
    assert state in ATTEMPT_MOVES[attempt.state], f"{attempt.state} → {state}"
    attempt.state = state
    attempt.message = message
    attempt.finished_at = database_now()
    update(attempt, CLOSED)
