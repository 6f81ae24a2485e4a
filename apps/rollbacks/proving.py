"""Look whether an effect is really there: by the provider's word, the public address, and what a check asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.checks.http import run_check
from apps.checks.serving import serves
from apps.providers.base import Proof, Verification
from apps.rollbacks import events, examining
from apps.rollbacks.approved import PlannedStep, sending
from apps.rollbacks.beginning import begin_next
from apps.rollbacks.failpoints import failpoint
from apps.rollbacks.held import HeldRun
from apps.rollbacks.journal import Journal
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.moving import move_step
from apps.rollbacks.states import StepState
from apps.timeline.clock import database_now
from apps.timeline.log import SYSTEM, record
from apps.timeline.writing import update

LOOK_AGAIN_SECONDS = 1.5
EXAMINE_SECONDS = 120  # a provider may have to be asked several times for one figure


def prove(held: HeldRun, position: int) -> float:
    """Look once; the step succeeds, fails, waits or becomes a question. Returns in how many seconds to look again."""
    planned, step = held.planned[position], held.steps[position]
    if step.kind == "action" and step.state == StepState.RUNNING:
        _accept(held, position)
    journal = Journal()
    found = _check(held, planned, journal) if step.kind == "check" else _effect(held, planned, journal)
    return held.write(lambda run: _write_down(held, run, position, found, journal), later=True)


def _write_down(held: HeldRun, run: Rollback, position: int, found: Verification, journal: Journal) -> float:
    """Write what was seen, and with it what follows at once. Returns in how many seconds to look again."""
    step = held.steps[position]
    news = _show(step, found)
    held.write_lines(journal, position)
    if found.proof is Proof.SATISFIED:
        move_step(step, StepState.SUCCEEDED, message=found.message)
        _tell(events.STEP_SUCCEEDED, run, step)
        begin_next(held)
        failpoint("verified")
        return 0.0
    if found.proof is Proof.VIOLATED and step.kind == "action":
        _fail(run, step, found.message)
        return 0.0
    if _too_late(step):
        _give_up(run, step, found.message)
        return 0.0
    update(step, ("lamps", "proof"))
    if news:
        record(events.SERVING, run, by=SYSTEM, incident=run.incident_id, position=position, message=found.message)
    planned = held.planned[position]
    return examining.again_seconds(planned) if examining.is_by_provider(planned) else LOOK_AGAIN_SECONDS


def fail(held: HeldRun, position: int, message: str) -> None:
    """Write that a step has failed for good."""
    with held.fenced() as run:
        _fail(run, held.steps[position], message)


def _accept(held: HeldRun, position: int) -> None:
    with held.fenced() as run:
        step = held.steps[position]
        move_step(step, StepState.VERIFYING)
        record(events.VERIFYING, run, by=SYSTEM, incident=run.incident_id, position=step.position)


def _effect(held: HeldRun, planned: PlannedStep, journal: Journal) -> Verification:
    """Ask the provider about every part and, where traffic moves, the public address itself."""
    rollback = held.rollback
    found = [_part(held, planned, part, journal) for part in planned.parts]
    if planned.action.serves_traffic and rollback.environment.serving:
        with journal.listening():
            seen = serves(rollback.environment, rollback.target)
        journal.note(f"public address: {seen.text}")
        proof = Proof.SATISFIED if seen.proof == "satisfied" else Proof.NOT_YET
        mark = "done" if proof is Proof.SATISFIED else "running"
        found.append(Verification(proof, seen.text, ((mark, f"{rollback.environment.public_url} {seen.text}"),)))
    return _together(found)


def _part(held: HeldRun, planned: PlannedStep, part: str, journal: Journal) -> Verification:
    with journal.listening():
        return planned.provider.verify(
            held.access(planned),
            planned.call(part),
            sending(held.rollback, planned, part, "apply", "verification"),
        )


def _together(found: list[Verification]) -> Verification:
    if not found:
        return Verification(Proof.SATISFIED, "There was nothing to change.")
    order = [Proof.VIOLATED, Proof.NOT_YET, Proof.SATISFIED]
    worst = min(found, key=lambda one: order.index(one.proof))
    readings = tuple(reading for one in found for reading in (one.readings or (_reading(one),)))
    said = dict.fromkeys(one.message for one in found if one.proof is worst.proof)
    return Verification(worst.proof, " ".join(said), readings)


def _reading(one: Verification) -> tuple[str, str]:
    marks = {Proof.SATISFIED: "done", Proof.NOT_YET: "running", Proof.VIOLATED: "failed"}
    return marks[one.proof], one.message


def _check(held: HeldRun, planned: PlannedStep, journal: Journal) -> Verification:
    if examining.is_by_provider(planned):
        access = held.access(planned)
        held.heart.phase(EXAMINE_SECONDS)
        with journal.listening():
            told = examining.examine(planned, access)
        journal.note(f"{planned.provider.name}: {told.message}")
        return examining.as_proof(told)
    with journal.listening():
        result = run_check(held.rollback.environment, planned.said["check"])
    journal.note(result.message)
    proof = Proof.SATISFIED if result.ok else Proof.NOT_YET
    return Verification(proof, result.message, result.readings)


def _show(step: Step, found: Verification) -> bool:
    """Put the proof on the step; True when it says something new."""
    proof: list[dict[str, Any]] = [{"mark": mark, "text": text} for mark, text in found.readings]
    states = {Proof.SATISFIED: "done", Proof.NOT_YET: "running", Proof.VIOLATED: "failed"}
    before = [line["text"] for line in step.proof if line["mark"] == "done"]
    after = [line["text"] for line in proof if line["mark"] == "done"]
    step.proof = proof
    if step.kind == "action":
        seen = {"state": states[found.proof], "text": found.message, "at": database_now().isoformat()}
        step.lamps = {**step.lamps, "serving": seen}
    return len(after) > len(before)


def _too_late(step: Step) -> bool:
    since = step.applied_at or step.started_at
    return since is not None and database_now() > since + timedelta(seconds=step.gives_up_seconds)


def _give_up(run: Rollback, step: Step, message: str) -> None:
    """A check that never held has failed; an accepted call that never showed its effect is a question for a person."""
    if step.kind == "check" or step.on_failure == "continue":
        _fail(run, step, message)
        return
    move_step(step, StepState.UNKNOWN, message=f"It was accepted, but its effect was not seen in time. {message}")
    _tell(events.SERVING, run, step)


def _fail(run: Rollback, step: Step, message: str) -> None:
    move_step(step, StepState.FAILED, message=message)
    _tell(events.STEP_CONTINUED if step.on_failure == "continue" else events.STEP_FAILED, run, step)


def _tell(what: Any, run: Rollback, step: Step) -> None:
    record(
        what, run, by=SYSTEM, incident=run.incident_id, position=step.position, name=step.name, message=step.message,
        state=step.state,
    )  # fmt: skip
