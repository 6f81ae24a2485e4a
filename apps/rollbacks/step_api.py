"""One step of a rollback for programs: what is known, what its provider says now, the ways on, and choosing one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja import Field, Router, Status

from apps.accounts import programs
from apps.accounts.permissions import may
from apps.accounts.requests import Request
from apps.accounts.rights import SEE_INTERNAL
from apps.approvals.models import Question
from apps.rollbacks import after_refusal, looking, operating, permissions
from apps.rollbacks.api import find, fresh, steered
from apps.rollbacks.choices import Choice, choices_of, needs_decision
from apps.rollbacks.looking import Line, Reading
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.telling import as_json
from apps.timeline.answers import Missing

router = Router(tags=["rollbacks"])


class StepDeed(programs.Body):
    """Why, and how one knows."""

    reason: str = Field("", max_length=1000)
    evidence: str = Field("", max_length=2000)


@router.get("/rollbacks/{id}/steps/{position}", response=dict, summary="What is known of a step, and the ways on")
def get_step(request: Request, id: str, position: str) -> dict[str, Any]:
    """`choices` are those of the token's person; `why_not` says why one is off. Asks no provider."""
    rollback, step = _found(request, id, position)
    choices = [] if request.person is None else choices_of(rollback, step, request.person)
    return {
        "position": step.position,
        "state": step.state,
        "waits": needs_decision(rollback, step),
        "known": [_line(line) for line in looking.known(rollback, step)],
        "readings": [_reading(reading) for reading in looking.earlier(rollback, step)],
        "choices": [_choice(choice) for choice in choices if choice.name != "look"],
    }


@router.post("/rollbacks/{id}/steps/{position}/readings", response={201: dict}, summary="Ask what is there now")
@programs.idempotent_after_reading
def create_reading(request: Request, id: str, position: str) -> Callable[[], Status]:
    """The provider, or the checked address, is read once. Changes nothing; may be repeated."""
    programs.require_scope(request, programs.WRITE)
    rollback, step = _found(request, id, position)
    items = [_reading(reading) for reading in looking.now(rollback, step)]
    return lambda: Status(201, {"items": items})


@router.post("/rollbacks/{id}/steps/{position}/retry", response={202: dict}, summary="Try a step again")
@programs.idempotent
def create_retry(request: Request, id: str, position: str, body: StepDeed) -> Status:
    """The outside is looked at before anything is sent. `approval` is there where a second person must agree."""
    rollback = steered(request, id)
    outcome = operating.retry(rollback, _position(position), by=programs.person_of(request), reason=body.reason)
    return _asked(rollback, outcome)


@router.post("/rollbacks/{id}/steps/{position}/skip", response={202: dict}, summary="Ask to leave a step out")
@programs.idempotent
def create_skip(request: Request, id: str, position: str, body: StepDeed) -> Status:
    """`approval` is the question that others must agree on."""
    rollback = steered(request, id)
    outcome = operating.ask_to_skip(rollback, _position(position), by=programs.person_of(request), reason=body.reason)
    return _asked(rollback, outcome)


@router.post("/rollbacks/{id}/steps/{position}/compensation", response={202: dict}, summary="Put back what was done")
@programs.idempotent
def create_compensation(request: Request, id: str, position: str, body: StepDeed) -> Status:
    """For a step that its people have refused: what the plan can put back is put back, and the run ends as failed."""
    rollback = steered(request, id)
    after_refusal.put_back(rollback, _position(position), by=programs.person_of(request), reason=body.reason)
    return Status(202, as_json(fresh(rollback)))


@router.post("/rollbacks/{id}/steps/{position}/adoption", response={202: dict}, summary="Say that a step has happened")
@programs.idempotent_after_reading
def create_adoption(request: Request, id: str, position: str, body: StepDeed) -> Callable[[], Status]:
    """`approval` is the question that a second person must agree on; a person's own step needs nobody else.

    What the provider says at this moment is kept with the evidence.
    """
    rollback = steered(request, id)
    person = programs.person_of(request)
    permissions.may_operate(person, rollback).or_refuse()
    seen = looking.snapshot(rollback, _step(rollback, position))

    def adopt() -> Status:
        outcome = operating.ask_to_adopt(
            rollback, _position(position), by=person, reason=body.reason, evidence=body.evidence, seen=seen
        )
        return _asked(rollback, outcome)

    return adopt


def _asked(rollback: Rollback, outcome: Question | Step) -> Status:
    more = {"approval": str(outcome.pk)} if isinstance(outcome, Question) else {}
    return Status(202, {**as_json(fresh(rollback)), **more})


def _found(request: Request, id: str, position: str) -> tuple[Rollback, Step]:
    rollback = find(request, id)
    may(request.actor, SEE_INTERNAL, rollback).or_refuse()
    return rollback, _step(rollback, position)


def _step(rollback: Rollback, position: str) -> Step:
    step = rollback.steps.prefetch_related("attempts").filter(position=_position(position)).first()
    if step is None:
        raise Missing("There is no such step.")
    return step


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Missing("There is no such step.")
    return int(text)


def _line(line: Line) -> dict[str, Any]:
    return {"mark": line.mark, "text": line.text, "at": line.at}


def _reading(reading: Reading) -> dict[str, Any]:
    return {"at": reading.at, "text": reading.text, "means": reading.means}


def _choice(choice: Choice) -> dict[str, Any]:
    return {name: getattr(choice, name) for name in ("name", "title", "text", "who", "why_not")}
