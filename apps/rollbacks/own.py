"""What one reader may do on a rollback's page: vote and steer. Never part of a shared fragment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.reauthentication import is_fresh
from apps.accounts.requests import Request
from apps.approvals import permissions as approvals
from apps.rollbacks import permissions
from apps.rollbacks.forecast import UNDER_WAY
from apps.rollbacks.models import Rollback
from apps.rollbacks.standing import Standing
from apps.rollbacks.states import ACTIVE
from apps.timeline.clock import database_now

NOTHING_SENT = "Nothing has been sent, so nothing changes."


def ballot_of(rollback: Rollback, request: Request, names: Mapping[str, str]) -> dict[str, Any]:
    """Return whether and as what the reader may vote, or why not. `names` are those of the roles."""
    person, question = request.person, rollback.question
    answer, seated = approvals.seat_or_why(person, question, now=database_now())
    seats = len(question.seats.all())
    agreed = sum(vote.decision == "approve" for vote in question.votes.all())
    return {
        "may": bool(answer) and rollback.state == "awaiting_approval",
        "because": answer.because,
        "asker": person.pk == rollback.requester_id and question.state == "open",
        "role": names.get(seated[1], seated[1]) if seated else "",
        "number": agreed + 1,
        "needed": seats,
        "last": agreed + 1 == seats,
        "fresh": is_fresh(request),
        "deed": _deed(rollback),
        "voted": question.state == "open" and any(vote.person_id == person.pk for vote in question.votes.all()),
        "alone": person.organisation.break_glass_allowed,
    }


def _deed(rollback: Rollback) -> str:
    if rollback.kind == "forward":
        return f"go forward with {rollback.service.slug} → {rollback.target.version}"
    return f"roll back {rollback.service.slug} → {rollback.target.version}"


def deeds_of(
    rollback: Rollback, person: Person, steps: Sequence[Mapping[str, Any]], standing: Standing
) -> dict[str, Any]:
    """Return which of pause, resume and cancel the reader may do now, and why none where none."""
    may = permissions.may_operate(person, rollback)
    if not may:
        return {"because": may.because if rollback.state in ACTIVE else ""}
    cancel = permissions.can_cancel(rollback)
    return {
        "pause": bool(permissions.can_pause(rollback)),
        "resume": bool(permissions.can_resume(rollback)),
        "cancel": bool(cancel),
        "because": "" if cancel or rollback.state not in ACTIVE else cancel.because,
        "words": f"{cancel_words(steps, standing)}{_runs_on(steps)}" if cancel and rollback.state in ACTIVE else "",
    }


def cancel_words(steps: Sequence[Mapping[str, Any]], standing: Standing) -> str:
    """Say what cancelling now would leave, finish and leave out."""
    current = {step["position"] for step in steps if step["state"] in UNDER_WAY}
    current |= {flight.position for flight in standing.in_flight}
    done = [position for position in standing.applied if position not in current]
    unclear = [position for position in (*standing.unclear, *standing.partly) if position not in current]
    left = [position for position in standing.not_applied if position not in current]
    parts = [
        f"{_steps(sorted(current))} finishes first" if current else "",
        f"{_steps(done)} {'stays' if len(done) == 1 else 'stay'} done" if done else "",
        f"{_steps(sorted(unclear))} {'stays' if len(unclear) == 1 else 'stay'} unclear" if unclear else "",
        f"{_steps(left)} {'is' if len(left) == 1 else 'are'} not done" if left else "",
    ]
    return f"Cancel now: {', '.join(filter(None, parts)) or 'nothing more is sent'}."


def _runs_on(steps: Sequence[Mapping[str, Any]]) -> str:
    """Say which step cannot be stopped any more, behind another sentence."""
    return "".join(f" Step {step['position']}: {step['runs_on']}" for step in steps if step.get("runs_on"))


def _steps(positions: list[int]) -> str:
    """Write positions in a row as a range: "steps 3 to 10"."""
    if len(positions) == 1:
        return f"step {positions[0]}"
    if positions == list(range(positions[0], positions[-1] + 1)):
        return f"steps {positions[0]} {'to' if len(positions) > 2 else 'and'} {positions[-1]}"
    return f"steps {', '.join(map(str, positions[:-1]))} and {positions[-1]}"


def cancel_dialog(rollback: Rollback, steps: Sequence[Mapping[str, Any]], standing: Standing) -> dict[str, Any]:
    """Return what the cancel dialog says: what stays, what is not done, what is open."""
    waiting = rollback.state == "awaiting_approval"
    points = [{"state": step["state"], "text": f"{_kept(step, standing)}: {step['title']}"} for step in steps]
    return {
        "url": reverse("rollbacks:create_cancellation", args=[rollback.pk]),
        "title": "Take the proposal back?" if waiting else "Cancel the rollback?",
        "lead": NOTHING_SENT if waiting else f"Nothing new is sent.{_runs_on(steps)} So it would stand:",
        "points": [] if waiting else points,
        "keep": "Keep it" if waiting else "Keep it running",
    }


def _kept(step: Mapping[str, Any], standing: Standing) -> str:
    position = step["position"]
    if any(flight.position == position for flight in standing.in_flight) or step["state"] in UNDER_WAY:
        return "Finishes first"
    words = {
        "Stays": standing.applied, "In part": standing.partly, "Left out": standing.skipped,
        "Put back": standing.put_back, "Not done": standing.not_applied,
    }  # fmt: skip
    return next((word for word, positions in words.items() if position in positions), "Unclear")
