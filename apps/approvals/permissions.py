"""Who may vote on what, and why not. One function, whatever the mouth."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.accounts.models import Person, Role
from apps.approvals.models import Question, Seat, Vote
from apps.approvals.rules import listed
from apps.timeline.answers import YES, Answer, no


def may_vote(person: Person | None, question: Question, *, now: datetime) -> Answer:
    """Answer whether `person` could sit in a free seat of `question` at `now` (the database's clock)."""
    return seat_or_why(person, question, now=now)[0]


def seat_or_why(person: Person | None, question: Question, *, now: datetime) -> tuple[Answer, tuple[Seat, str] | None]:
    """Return the answer of `may_vote`, and with a yes the free seat and the role that `person` would take it in."""
    because = _why_not(person, question, now)
    if because or person is None:
        return no(because), None
    if seated := seat_for(person, question):
        return YES, seated
    return no(f"This needs {needed_roles(question)}, and you hold none of these roles."), None


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


def seat_for(person: Person, question: Question, role: str = "") -> tuple[Seat, str] | None:
    """Return the free seat that `person` can take and the role they take it in, or None.

    `role` asks for a seat in that role; a person with several roles otherwise gets the first free one.
    """
    held = roles_of(person)
    if role:
        held &= {role}
    taken = {vote.seat_id for vote in question.votes.all()}
    for seat in question.seats.all():
        if seat.pk in taken:
            continue
        if not seat.roles and (not role or role in held):
            return seat, next(iter(sorted(held)), "person")
        if fitting := [name for name in seat.roles if name in held]:
            return seat, fitting[0]
    return None


def roles_of(person: Person) -> set[str]:
    """Return the slugs of the roles that `person` holds now."""
    return set(Role.objects.filter(holdings__person=person).values_list("slug", flat=True))


def needed_roles(question: Question) -> str:
    """Say which roles still have a free seat, by their names."""
    taken = {vote.seat_id for vote in Vote.objects.filter(question=question)}
    slugs = [role for seat in question.seats.all() if seat.pk not in taken for role in seat.roles]
    names = role_names(question.organisation_id)
    return listed([names.get(slug, slug) for slug in dict.fromkeys(slugs)], "or") or "nobody any more"


def role_names(organisation_id: Any) -> dict[str, str]:
    """Return slug → name of an organisation's roles."""
    return dict(Role.objects.filter(organisation_id=organisation_id).values_list("slug", "name"))
