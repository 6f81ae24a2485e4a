"""Read a rollback's rows into the values that `deciding` works on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from apps.rollbacks.approved import PlannedStep
from apps.rollbacks.deciding import AttemptView, RunView, StepView
from apps.rollbacks.models import Attempt, Rollback, Step


def view_of(
    rollback: Rollback, planned: dict[int, PlannedStep], steps: Iterable[Step], attempts: Iterable[Attempt],
    known: Mapping[int, StepView],
) -> RunView:  # fmt: skip
    """Return the rollback as a value, from its steps and their attempts in order of number; `known` are other steps."""
    made: dict[tuple[int, str], dict[str, list[AttemptView]]] = defaultdict(lambda: defaultdict(list))
    for attempt in attempts:
        made[attempt.position, attempt.kind][attempt.part].append(_attempt(attempt))
    seen = [
        _step(step, planned[step.position], made[step.position, "apply"], made[step.position, "compensate"])
        for step in steps
    ]
    return RunView(
        state=rollback.state,
        pause_requested=rollback.pause_requested,
        cancel_requested=rollback.cancel_requested,
        compensating=rollback.compensating,
        steps=sorted([*known.values(), *seen], key=lambda step: step.position),
    )


def _attempt(attempt: Attempt) -> AttemptView:
    return AttemptView(
        attempt.number,
        attempt.state,
        attempt.retryable,
        attempt.needs_operator,
        attempt.message,
        attempt.retry_at,
    )


def _step(
    step: Step,
    planned: PlannedStep,
    applied: dict[str, list[AttemptView]],
    put_back: dict[str, list[AttemptView]],
) -> StepView:
    return StepView(
        position=step.position,
        kind=step.kind,
        state=step.state,
        on_failure=step.on_failure,
        name=step.name,
        parts=planned.parts,
        already=frozenset(step.baseline.get("already", [])),
        attempts=applied,
        put_back=put_back,
        max_attempts=step.max_attempts,
        allowed_after=step.allowed_after,
        can_be_put_back=bool(planned.said.get("compensation")),
        compensated=step.compensated,
        message=step.message,
        agreement=step.agreement,
        interruptible=planned.said.get("interruptible", True),
    )
