"""What became of each part of a step that did not come to its proof: one flag was turned, the next one refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.rollbacks.models import Attempt, Step
from apps.rollbacks.states import EFFECTIVE, AttemptState

MARKS = {AttemptState.REJECTED: "failed", AttemptState.NOT_SENT: "failed", AttemptState.IN_FLIGHT: "running"}


def results_of(step: Step, said: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a line for each named part; none where there is one part, or nothing was tried yet.

    The names are those of the proofs in `parts/_step_row.html`. The step's attempts are prefetched.
    """
    parts = [part for part in said.get("parts", []) if part]
    newest = _newest(step)
    if len(parts) < 2 or not newest:
        return []
    return [_line(part, newest.get(part)) for part in parts]


def changed_something(step: Step) -> bool:
    """Say whether a request of this step had its effect, whatever became of the step."""
    return any(attempt.kind == "apply" and attempt.state in EFFECTIVE for attempt in step.attempts.all())


def _newest(step: Step) -> dict[str, Attempt]:
    applied = [attempt for attempt in step.attempts.all() if attempt.kind == "apply"]
    return {attempt.part: attempt for attempt in sorted(applied, key=lambda one: (one.intended_at, one.number))}


def _line(part: str, attempt: Attempt | None) -> dict[str, str]:
    if attempt is None:
        return {"state": "pending", "fact": part, "text": "nothing was sent for it"}
    state = "passed" if attempt.state in EFFECTIVE else MARKS.get(AttemptState(attempt.state), "unknown")
    return {"state": state, "fact": part, "text": attempt.message}
