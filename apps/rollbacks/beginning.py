"""How a run and its steps begin. What follows at once is written together with what it follows."""

from __future__ import annotations

from apps.approvals.rules import listed
from apps.rollbacks import ending, events
from apps.rollbacks.deciding import Begin, decide
from apps.rollbacks.held import HeldRun
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.moving import move, move_step
from apps.rollbacks.states import RollbackState, StepState
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record


def begin_run(held: HeldRun) -> None:
    """Let the run begin, and its first step with it; unless somebody has cancelled it at this very moment."""
    with held.fenced() as run:
        if run.state != RollbackState.QUEUED:
            return
        move(run, RollbackState.RUNNING)
        record(events.BEGUN, run, by=SYSTEM, incident=run.incident_id, title=ending.title(run))
        begin_next(held)


def begin_step(held: HeldRun, position: int) -> None:
    """Begin one step."""
    with held.fenced() as run:
        _begin(run, held.steps[position])


def begin_next(held: HeldRun) -> None:
    """Begin the step that comes now, if the plan says that one begins. The caller holds the fenced transaction."""
    decision = decide(held.view(), database_now())
    if isinstance(decision, Begin):
        _begin(held.rollback, held.steps[decision.position])


def pass_gate(held: HeldRun, position: int) -> None:
    """Write that a gate's people have agreed, and begin what comes next."""
    with held.fenced() as run:
        step = held.steps[position]
        if step.state != StepState.PENDING:
            return
        _begin(run, step)
        message = _who_agreed(step)
        move_step(step, StepState.SUCCEEDED, message=message)
        record(
            events.STEP_SUCCEEDED, run, by=SYSTEM, incident=run.incident_id, position=position, name=step.name,
            message=message,
        )  # fmt: skip
        begin_next(held)


def _who_agreed(step: Step) -> str:
    """Say who let it pass: the people who voted, or whoever acted alone under break-glass."""
    assert step.question is not None
    agreed = step.question.votes.filter(decision="approve").select_related("person").order_by("cast_at")
    names = listed([vote.person.name for vote in agreed], "and")
    return f"{names} agreed." if names else f"{step.question.requester.name} let it pass alone, under break-glass."


def _begin(run: Rollback, step: Step) -> None:
    move_step(step, StepState.RUNNING)
    record(
        events.STEP_STARTED, run, by=SYSTEM, incident=run.incident_id, position=step.position, name=step.name,
        provider=step.provider,
    )  # fmt: skip
