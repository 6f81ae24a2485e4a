"""The states of a rollback, a step and an attempt, and the only moves between them."""

from __future__ import annotations

from django.db.models import TextChoices


class RollbackState(TextChoices):
    """Where a rollback is. The words are what a program reads; the labels are what people read."""

    AWAITING_APPROVAL = "awaiting_approval", "Waiting for approval"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    CANCELLING = "cancelling", "Cancelling"
    CANCELLED = "cancelled", "Cancelled"
    NEEDS_OPERATOR = "needs_operator", "Needs a person"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"


class StepState(TextChoices):
    """Where a step is."""

    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    VERIFYING = "verifying", "Verifying"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"
    UNKNOWN = "unknown", "Unknown"


class Agreement(TextChoices):
    """How it stands with the people who must agree before a step begins. Empty: the plan names nobody."""

    NONE = "", "Nobody is asked"
    NEEDED = "needed", "To be asked"
    ASKED = "asked", "Asked"
    GRANTED = "granted", "Agreed"
    REFUSED = "refused", "Refused"


class AttemptState(TextChoices):
    """What became of one request."""

    IN_FLIGHT = "in_flight", "In flight"
    SUCCEEDED = "succeeded", "Accepted"
    REJECTED = "rejected", "Refused"
    NOT_SENT = "not_sent", "Not sent"
    AMBIGUOUS = "ambiguous", "No clear answer"
    RECONCILED_APPLIED = "reconciled_applied", "Seen to have worked"
    RECONCILED_NOT_APPLIED = "reconciled_not_applied", "Seen not to have worked"
    CONFLICT = "conflict", "Cannot tell"


S = RollbackState

ROLLBACK_MOVES: dict[str, frozenset[str]] = {
    S.AWAITING_APPROVAL: frozenset({S.QUEUED, S.REJECTED, S.EXPIRED, S.CANCELLED}),
    S.QUEUED: frozenset({S.RUNNING, S.PAUSED, S.CANCELLING, S.CANCELLED}),
    S.RUNNING: frozenset({S.SUCCEEDED, S.FAILED, S.PAUSED, S.CANCELLING, S.NEEDS_OPERATOR}),
    S.PAUSED: frozenset({S.RUNNING, S.QUEUED, S.CANCELLING, S.CANCELLED}),
    S.CANCELLING: frozenset({S.CANCELLED, S.NEEDS_OPERATOR}),
    S.NEEDS_OPERATOR: frozenset({S.RUNNING, S.CANCELLING, S.CANCELLED, S.FAILED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
}
ACTIVE = frozenset({S.QUEUED, S.RUNNING, S.PAUSED, S.CANCELLING, S.NEEDS_OPERATOR})
FINAL = frozenset(state for state, moves in ROLLBACK_MOVES.items() if not moves)

T = StepState

STEP_MOVES: dict[str, frozenset[str]] = {
    T.PENDING: frozenset({T.RUNNING, T.SKIPPED}),
    T.RUNNING: frozenset({T.VERIFYING, T.SUCCEEDED, T.FAILED, T.UNKNOWN, T.SKIPPED, T.PENDING}),
    T.VERIFYING: frozenset({T.SUCCEEDED, T.FAILED, T.UNKNOWN, T.RUNNING, T.SKIPPED}),
    T.FAILED: frozenset({T.RUNNING, T.SKIPPED, T.SUCCEEDED}),
    T.UNKNOWN: frozenset({T.RUNNING, T.VERIFYING, T.SKIPPED, T.SUCCEEDED, T.FAILED}),
    T.SUCCEEDED: frozenset(),
    T.SKIPPED: frozenset(),
}

A = AttemptState

ATTEMPT_MOVES: dict[str, frozenset[str]] = {
    A.IN_FLIGHT: frozenset({A.SUCCEEDED, A.REJECTED, A.NOT_SENT, A.AMBIGUOUS}),
    A.AMBIGUOUS: frozenset({A.RECONCILED_APPLIED, A.RECONCILED_NOT_APPLIED, A.CONFLICT}),
    A.SUCCEEDED: frozenset(),
    A.REJECTED: frozenset(),
    A.NOT_SENT: frozenset(),
    A.RECONCILED_APPLIED: frozenset(),
    A.RECONCILED_NOT_APPLIED: frozenset(),
    A.CONFLICT: frozenset(),
}
EFFECTIVE = frozenset({A.SUCCEEDED, A.RECONCILED_APPLIED})
OPEN = frozenset({A.IN_FLIGHT, A.AMBIGUOUS})
