"""Who may vote on what, and why not. One function, whatever the mouth; Postgres counts by the same rule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.accounts.models import Person, Role
from apps.accounts.rights import DEEDS
from apps.approvals.models import Question, Seat
from apps.approvals.rules import listed
from apps.approvals.voters import Seated, Voter, free_seats, voter
from apps.timeline.answers import YES, Answer, no
from apps.timeline.clock import database_now


def may_vote(person: Person | None, question: Question, *, now: datetime) -> Answer:
    """Answer whether `person` could sit in a free seat of `question` at `now` (the database's clock)."""
    return seat_or_why(person, question, now=now)[0]


def seat_or_why(person: Person | None, question: Question, *, now: datetime) -> tuple[Answer, Seated | None]:
    """Return the answer of `may_vote`, and with a yes the free seat and the role that `person` would take it in."""
    because = _why_not(person, question, now)
    if because or person is None:
        return no(because), None
    who = voter(person)
    if seated := seat_of(who, question, now):
        return YES, seated
    return no(_why_no_seat(who, question)), None


def _why_not(person: Person | None, question: Question, now: datetime) -> str:
    if person is None:
        return "A service token never votes. Ask a person."
    if person.organisation_id != question.organisation_id or not person.active:
        return "You are not one of the people who may answer this."
    if question.requester_id == person.pk:
        return "You asked for this, so someone else must answer it."
    if question.state != "open":
        return f"This question is already {WORDS[question.state]}."
    if now >= question.expires_at:
        return "The time to answer has run out. Plan again to ask again."
    if any(vote.person_id == person.pk for vote in question.votes.all()):
        return "You have answered this already."
    return ""


WORDS = {
    "granted": "agreed",
    "rejected": "rejected",
    "expired": "over: nobody decided in time",
    "void": "withdrawn",
}


def _why_no_seat(who: Voter, question: Question) -> str:
    """Say what is missing: the time of a substitute, the right of a role, or the role."""
    free, names = free_seats(question), role_names(question.organisation_id)
    named = [seat for seat in free if who.is_named(seat) and seat.substitutes_from]
    if named:
        since = min(seat.substitutes_from for seat in named if seat.substitutes_from)
        time = f"{timezone.localtime(since):%H:%M:%S %Z}"
        return f"You may answer for {_in_words(named, names)} from {time}, if nobody has until then."
    wanted = {role for seat in free for role in seat.roles}
    if held := sorted(wanted & who.held):
        return f"{listed([names.get(role, role) for role in held], 'and')} may not {DEEDS[question.right]} here."
    if any(not seat.roles for seat in free):
        return f"You may not {DEEDS[question.right]} here."
    return f"This needs {_in_words(free, names)}, and you hold none of these roles."


def seat_for(person: Person, question: Question, role: str = "", *, now: datetime | None = None) -> Seated | None:
    """Return the free seat that `person` can take now and the role they take it in, or None.

    `role` asks for a seat in that role; a person with several roles otherwise gets the first free one.
    """
    return seat_of(voter(person), question, now or database_now(), role)


def seat_of(who: Voter, question: Question, now: datetime, role: str = "") -> Seated | None:
    """Return the seat that somebody takes: one of their own roles before one in which they stand in."""
    could = [seated for seat in free_seats(question) if (seated := who.could_take(question, seat, now, role))]
    return min(could, key=lambda seated: seated.standing_in, default=None)


def needed_roles(question: Question) -> str:
    """Say which roles still have a free seat, by their names."""
    return _in_words(free_seats(question), role_names(question.organisation_id))


def _in_words(seats: Sequence[Seat], names: dict[str, str]) -> str:
    if not seats:
        return "nobody any more"
    slugs = dict.fromkeys(role for seat in seats for role in seat.roles)
    return listed([names.get(slug, slug) for slug in slugs], "or") or "anybody with the right"


def role_names(organisation_id: Any) -> dict[str, str]:
    """Return slug → name of an organisation's roles."""
    return dict(Role.objects.filter(organisation_id=organisation_id).values_list("slug", "name"))
