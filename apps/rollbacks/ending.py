"""How a run stops: finished, resting, held by a freeze, or with a question for a person."""

from __future__ import annotations

import json

from apps.deployments import lifecycle as deployments
from apps.incidents import lifecycle as incidents
from apps.rollbacks import after, events
from apps.rollbacks.failpoints import failpoint
from apps.rollbacks.held import HeldRun
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.moving import move, move_step
from apps.rollbacks.standing import standing_of
from apps.rollbacks.states import RollbackState, StepState
from apps.timeline.log import SYSTEM, record
from apps.timeline.models import Event


def title(rollback: Rollback) -> str:
    """Return what a rollback does, in a few words: "Roll back portal → v2.30.4"."""
    verb = "Go forward with" if rollback.kind == "forward" else "Roll back"
    return f"{verb} {rollback.service.slug} → {rollback.target.version}"


def ask_person(held: HeldRun, position: int, reason: str) -> None:
    """Stop with a question that only a person can answer. Nothing more is sent meanwhile."""
    with held.fenced() as run:
        put_question(run, held.steps[position], reason)


def put_question(run: Rollback, step: Step, reason: str) -> None:
    """Write that only a person can say how a step goes on. The caller holds the fenced transaction."""
    if step.state in {StepState.RUNNING, StepState.VERIFYING} and step.kind != "human":
        move_step(step, StepState.UNKNOWN, message=reason)
    move(run, RollbackState.NEEDS_OPERATOR, reason=reason)
    record(
        events.NEEDS_OPERATOR, run, by=SYSTEM, incident=run.incident_id, title=title(run), reason=reason,
        position=step.position,
    )  # fmt: skip


def hold_for_freeze(held: HeldRun) -> None:
    """Say once that a freeze holds the run; it goes on by itself when the freeze is lifted."""
    with held.fenced() as run:
        newest = Event.objects.filter(
            organisation_id=run.organisation_id, subject_kind="rollback", subject_id=str(run.pk)
        ).order_by("-id")
        if (last := newest.first()) is None or last.kind != events.WAITS_FROZEN.name:
            record(events.WAITS_FROZEN, run, by=SYSTEM, incident=run.incident_id, title=title(run))


def start_compensation(held: HeldRun) -> None:
    """From here on the run only puts back what it changed, last step first."""
    with held.fenced() as run:
        run.compensating = True
        run.save(update_fields=["compensating"])
        record(events.COMPENSATING, run, by=SYSTEM, incident=run.incident_id, title=title(run))


def mark_put_back(held: HeldRun, position: int) -> None:
    """Write that a step's effect was undone."""
    with held.fenced() as run:
        step = held.steps[position]
        step.compensated = True
        step.save(update_fields=["compensated"])
        record(events.COMPENSATED, run, by=SYSTEM, incident=run.incident_id, position=position, name=step.name)


def finish(held: HeldRun, state: str, reason: str) -> None:
    """Give the run its final or resting state, and say so to everything that follows from it."""
    with held.fenced() as run:
        done = what_was_done(run) if state in {RollbackState.CANCELLED, RollbackState.FAILED} else ""
        if state == RollbackState.CANCELLED:
            reason = reason or _why(run)
            if run.state != RollbackState.CANCELLING:
                move(run, RollbackState.CANCELLING)
        reason = f"{reason} {done}".strip()
        move(run, state, reason=reason)
        if state == RollbackState.PAUSED:
            record(events.PAUSED, run, by=SYSTEM, incident=run.incident_id, title=title(run), reason="")
        elif state == RollbackState.SUCCEEDED:
            _succeeded(run)
        elif state == RollbackState.CANCELLED:
            record(events.CANCELLED, run, by=SYSTEM, incident=run.incident_id, title=title(run), summary=done)
            _halted(run, reason)
        else:
            record(events.FAILED, run, by=SYSTEM, incident=run.incident_id, title=title(run), reason=reason)
            _halted(run, reason)
    failpoint("finished")


def _succeeded(run: Rollback) -> None:
    record(events.SUCCEEDED, run, by=SYSTEM, incident=run.incident_id, title=title(run))
    if run.kind != "rollback" or _may_have_changed_the_release(run):
        deployments.went_live(run.environment, run.target, by=SYSTEM, pinned=run.kind == "rollback", rollback=run)
    if run.kind == "rollback":
        after.open_checklists(run)
        incidents.monitor(run.incident, by=SYSTEM)


def _may_have_changed_the_release(run: Rollback) -> bool:
    """Whether the plan could have put another release live: flags, caches and restored databases leave it as it was."""
    steps = json.loads(bytes(run.plan.canonical))["steps"]
    return any(step["kind"] == "human" or step.get("changes_release", step["kind"] == "action") for step in steps)


def _halted(run: Rollback, reason: str) -> None:
    if run.kind == "rollback":
        incidents.halt_recovery(run.incident, reason=reason, by=SYSTEM)


def what_was_done(run: Rollback) -> str:
    """Say what has become of the plan: "Applied: 1, 2. In part: 3. Unclear: 4. Not applied: 5–7."."""
    steps = run.steps.order_by("position").prefetch_related("attempts")
    return " ".join(f"{what.capitalize()}: {which}." for what, which, _ in standing_of(steps).facts)


def _why(run: Rollback) -> str:
    """What the person who cancelled gave as the reason, as a sentence."""
    said = Rollback.objects.values_list("reason", flat=True).get(pk=run.pk)
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."
