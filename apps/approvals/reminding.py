"""Ask again those whose vote is missing: recorded, told through the chat, and at most once a minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.permissions import may
from apps.accounts.programs.problems import TooOften
from apps.accounts.rights import SEE_INTERNAL
from apps.approvals import events
from apps.approvals.models import Question, Seat
from apps.approvals.permissions import role_names
from apps.approvals.rules import listed
from apps.timeline.answers import Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.log import record
from apps.timeline.models import Event

AGAIN_AFTER = timedelta(minutes=1)


@transaction.atomic
def remind(question: Question, *, by: Person, seat: int | None = None) -> str:
    """Ask those who could take the silent seats again, or one seat by its position; returns their roles in words.

    Raises Forbidden, Refused (nobody is missing any more), TooOften within a minute, or Unacceptable.
    """
    may(by, SEE_INTERNAL, question).or_refuse()
    question = Question.objects.select_for_update().get(pk=question.pk, organisation_id=question.organisation_id)
    now = database_now()
    if question.state != "open" or now >= question.expires_at:
        raise Refused("This question is no longer open, so nobody is asked again.", state=question.state)
    silent = _silent(question, seat)
    missing = _in_words(question, silent)
    last = max(reminded(question).values(), default=None)
    if last and now - last < AGAIN_AFTER:
        wait = int((AGAIN_AFTER - (now - last)).total_seconds()) + 1
        raise TooOften(f"They were asked again a moment ago. Ask once more in {wait} s.", retry_after=wait)
    record(
        events.ASKED_AGAIN, question, by=by, incident=question.incident_id, title=question.title, missing=missing,
        seats=[each.position for each in silent],
    )  # fmt: skip
    return missing


def reminded(question: Question) -> dict[int, datetime]:
    """Return when each seat, by its position, was last asked again. One query."""
    told = Event.objects.filter(
        organisation_id=question.organisation_id, subject_kind="question", subject_id=str(question.pk),
        kind=events.ASKED_AGAIN.name,
    )  # fmt: skip
    asked = told.order_by("occurred_at").values_list("details", "occurred_at")
    return {position: at for details, at in asked for position in details["seats"]}


def _silent(question: Question, position: int | None) -> list[Seat]:
    """Return the seats without a vote, or the one at `position`."""
    taken = set(question.votes.values_list("seat_id", flat=True))
    silent = [seat for seat in question.seats.all() if seat.pk not in taken]
    if position is None:
        return silent
    found = [seat for seat in silent if seat.position == position]
    if not found:
        raise Unacceptable("There is no such seat without a vote.", field="seat")
    return found


def _in_words(question: Question, silent: Sequence[Seat]) -> str:
    """Return the roles of the seats, by their names."""
    names = role_names(question.organisation_id)
    words = [listed([names.get(role, role) for role in seat.roles], "or") or "anybody" for seat in silent]
    return listed(list(dict.fromkeys(words)), "and")
