"""What a person chooses when the people of a step have not agreed: ask them again, or put back what was done.

Leaving the step out and cancelling stand in `operating` and `lifecycle`.
"""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import Person
from apps.rollbacks import events, permissions
from apps.rollbacks.agreeing import go_on
from apps.rollbacks.approved import steps_of
from apps.rollbacks.lifecycle import lock
from apps.rollbacks.models import Rollback, Step
from apps.rollbacks.states import EFFECTIVE, Agreement, RollbackState, StepState
from apps.timeline.answers import Missing, Refused, Unacceptable
from apps.timeline.log import record


def was_refused(step: Step) -> bool:
    """Say whether the step waits because its people have not agreed."""
    return step.state == StepState.PENDING and step.agreement == Agreement.REFUSED


@transaction.atomic
def ask_again(rollback: Rollback, position: int, *, by: Person, reason: str) -> Step:
    """Let the engine ask the step's people once more, with a question and votes of its own. Raises Refused."""
    rollback, step = _refused(rollback, position, by, reason)
    step.agreement, step.message = Agreement.NEEDED, ""
    step.save(update_fields=["agreement", "message"])
    record(
        events.PEOPLE_ASKED_AGAIN, rollback, by=by, incident=rollback.incident_id, position=position,
        reason=reason.strip(),
    )  # fmt: skip
    go_on(rollback)
    return step


@transaction.atomic
def put_back(rollback: Rollback, position: int, *, by: Person, reason: str) -> Rollback:
    """Give the run up: what the plan can put back is put back, last step first, and the run ends as failed.

    Raises Refused where nothing was done that can be put back.
    """
    rollback, _ = _refused(rollback, position, by, reason)
    if not what_goes_back(rollback):
        raise Refused("Nothing was done that this plan can put back. Cancel instead.", state=rollback.state)
    rollback.compensating = True
    rollback.save(update_fields=["compensating"])
    record(
        events.PUTTING_BACK_ASKED, rollback, by=by, incident=rollback.incident_id, position=position,
        reason=reason.strip(),
    )  # fmt: skip
    go_on(rollback)
    return rollback


def what_goes_back(rollback: Rollback) -> list[int]:
    """Return the positions of the steps that had an effect which the approved plan can put back, last first."""
    planned = steps_of(rollback)
    done = rollback.steps.filter(compensated=False, attempts__kind="apply", attempts__state__in=sorted(EFFECTIVE))
    positions = done.order_by("-position").values_list("position", flat=True).distinct()
    return [position for position in positions if planned[position].said.get("compensation")]


def _refused(rollback: Rollback, position: int, by: Person, reason: str) -> tuple[Rollback, Step]:
    rollback = lock(rollback)
    permissions.may_operate(by, rollback).or_refuse()
    if not reason.strip():
        raise Unacceptable("Say why, in a few words: it goes into the record.", field="reason")
    step = Step.objects.filter(rollback=rollback, position=position).first()
    if step is None:
        raise Missing("There is no such step.")
    if rollback.state != RollbackState.NEEDS_OPERATOR or not was_refused(step):
        raise Refused(
            f"Step {position} of {rollback.reference} does not wait for this decision now. Nothing was changed.",
            state=rollback.state,
        )
    return rollback, step
