"""Steps that run to their end at the provider once they are sent: nobody can stop them, so the run waits for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from apps.providers import registry
from apps.rollbacks.forecast import UNDER_WAY
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.states import AttemptState, StepState

UNSENT = frozenset({AttemptState.NOT_SENT, AttemptState.REJECTED, AttemptState.RECONCILED_NOT_APPLIED})


def said_of(step: Step, said: Mapping[str, Any]) -> str:
    """Say that a step runs at its provider and cannot be stopped, or an empty text. The attempts come with the step."""
    if said.get("interruptible", True) or step.state not in UNDER_WAY:
        return ""
    sent = any(attempt.state not in UNSENT for attempt in step.attempts.all())
    if step.state != StepState.VERIFYING and not sent:
        return ""
    name = registry.provider(said["provider"]).name
    return f"It runs at {name} and cannot be stopped; pausing or cancelling waits for its end."


def waits_for(steps: Iterable[Step], plan: Mapping[str, Any]) -> str:
    """Return which step of a run cannot be stopped now, as a sentence, or an empty text."""
    said = {one["position"]: one for one in plan["steps"]}
    for step in steps:
        if text := said_of(step, said[step.position]):
            return f"Step {step.position}: {text}"
    return ""


def of_run(rollback: Rollback) -> str:
    """Return the same for a run whose plan and steps have not been read. Three queries."""
    return waits_for(rollback.steps.prefetch_related("attempts"), json.loads(bytes(rollback.plan.canonical)))
