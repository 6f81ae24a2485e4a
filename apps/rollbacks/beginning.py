"""How a run and its steps begin. What follows at once is written together with what it follows."""

from __future__ import annotations

from collections.abc import Mapping

from apps.rollbacks import ending, events
from apps.rollbacks.deciding import Begin, decide
from apps.rollbacks.held import HeldRun
from apps.rollbacks.leases import fenced
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.moving import move, move_step
from apps.rollbacks.states import RollbackState, StepState
from apps.rollbacks.viewing import view_of
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record


def begin_run(held: HeldRun) -> None:
    """Let the run begin, and its first step with it."""
    with fenced(held.lease) as run:
        move(run, RollbackState.RUNNING)
        record(events.BEGUN, run, by=SYSTEM, incident=run.incident_id, title=ending.title(held.rollback))
        begin_next(run, held, held.steps)


def begin_step(held: HeldRun, position: int) -> None:
    """Begin one step."""
    with fenced(held.lease) as run:
        _begin(run, Step.objects.get(rollback=run, position=position))


def begin_next(run: Rollback, held: HeldRun, steps: Mapping[int, Step]) -> None:
    """Begin the step that comes now, if the plan says that one begins. The caller holds the fenced transaction.

    `steps` are the rows as they are in this transaction.
    """
    decision = decide(view_of(run, held.planned, steps.values(), held.attempts), database_now())
    if isinstance(decision, Begin):
        _begin(run, steps[decision.position])


def _begin(run: Rollback, step: Step) -> None:
    move_step(step, StepState.RUNNING)
    record(
        events.STEP_STARTED, run, by=SYSTEM, incident=run.incident_id, position=step.position, name=step.name,
        provider=step.provider,
    )  # fmt: skip
