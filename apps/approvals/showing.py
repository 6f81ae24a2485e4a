"""How a question looks: to programs as JSON, to pages as the approval card's facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts.models import RoleHolding
from apps.approvals.deciding import facts_of
from apps.approvals.models import Question, Vote
from apps.approvals.permissions import role_names
from apps.approvals.reminding import reminded
from apps.approvals.rules import listed

SEATED = ("seats", "votes__person")
MANY_ROLES = 3


def as_json(question: Question) -> dict[str, Any]:
    """Return a question with its seats and votes."""
    return {
        "id": str(question.pk),
        "kind": question.kind,
        "title": question.title,
        "state": question.state,
        "content_hash": question.content_hash,
        "plan_hash": question.content_hash,  # what a vote names it
        "requester": question.requester.email,
        "losses": question.losses,
        "confirm": question.confirm,
        "asked_at": question.asked_at,
        "facts": [{"label": fact.label, "text": fact.text} for fact in facts_of(question)],
        **agreement(question),
        "html_url": settings.BASE_URL + question.url,
    }


def agreement(question: Question) -> dict[str, Any]:
    """Return `{required, given, due_at, expires_at}` the way programs read it."""
    return {
        "required": [{"role": role, "needed": needed} for role, needed in _needed(question)],
        "given": [_vote(vote) for vote in question.votes.select_related("person")],
        "due_at": question.due_at,
        "expires_at": question.expires_at,
    }


def _needed(question: Question) -> list[tuple[str, int]]:
    counted: dict[str, int] = {}
    for seat in question.seats.all():
        name = "|".join(seat.roles) or "anybody"
        counted[name] = counted.get(name, 0) + 1
    return list(counted.items())


def _vote(vote: Vote) -> dict[str, Any]:
    return {
        "person": vote.person.email,
        "name": vote.person.name,
        "role": vote.role,
        "decision": vote.decision,
        "at": vote.cast_at,
        "note": vote.note,
    }


def card(question: Question) -> dict[str, Any]:
    """Return what the approval card shows everybody alike: clock, seats with their votes, who asked.

    Costs three queries where seats, votes and their people (`SEATED`) were prefetched.
    """
    votes = {vote.seat_id: vote for vote in question.votes.all()}
    seats = list(question.seats.all())
    names = role_names(question.organisation_id)
    silent = [seat.roles for seat in seats if seat.pk not in votes]
    holders = _holders(question, silent) if question.state == "open" else {}
    asked_again = reminded(question) if silent and question.state == "open" else {}
    rows = [
        _given(votes[seat.pk], names)
        if seat.pk in votes
        else {**_silent(question, seat.roles, names, holders), **_again(question, seat.position, asked_again)}
        for seat in seats
    ]
    return {
        "question": question,
        "names": names,
        "rows": rows,
        "agreed": sum(vote.decision == "approve" for vote in votes.values()),
        "needed": len(seats),
        "all_needed": "both needed" if len(seats) == 2 else "all needed" if len(seats) > 2 else "",
        "asker": question.requester,
        "clock_until": question.due_at or question.expires_at,
        "mark": STATES.get(question.state, question.state),
    }


STATES = {"granted": "approved", "void": "withdrawn"}  # the words that marks know


def _holders(question: Question, silent: list[list[str]]) -> dict[str, list[str]]:
    """Return role → names of those who could still sit in one of the silent seats. One query."""
    wanted = {role for roles in silent for role in roles}
    if not wanted:
        return {}
    held = RoleHolding.objects.filter(
        organisation_id=question.organisation_id, role__slug__in=wanted, person__active=True
    ).exclude(person_id=question.requester_id)
    found: dict[str, list[str]] = defaultdict(list)
    for role, name in held.order_by("person__name").values_list("role__slug", "person__name"):
        found[role].append(name)
    return found


def _silent(
    question: Question, roles: list[str], names: dict[str, str], holders: dict[str, list[str]]
) -> dict[str, Any]:
    wanted = listed([names.get(role, role) for role in roles], "or") or "Anybody with the right"
    if len(roles) > MANY_ROLES:
        wanted = f"any of {len(roles)} roles"
    if question.state != "open":
        return {"state": "cannot", "name": wanted, "role": "no vote was given", "word": "Not answered"}
    who = sorted({name for role in roles for name in holders.get(role, [])})
    if roles and not who:
        return {"state": "waiting", "name": "Nobody holds this role", "role": wanted, "line": "give it to somebody"}
    shown = ", ".join(who[:4]) + (f" and {len(who) - 4} more" if len(who) > 4 else "")
    return {"state": "waiting", "name": shown or "Anybody else", "role": wanted}


def _again(question: Question, position: int, asked: Mapping[int, datetime]) -> dict[str, Any]:
    """Return what the button "Ask again" of a silent seat needs, and when that was last pressed."""
    return {"seat": position, "reminded": asked.get(position)} if question.state == "open" else {}


def _given(vote: Vote, names: dict[str, str]) -> dict[str, Any]:
    return {
        "state": "approved" if vote.decision == "approve" else "rejected",
        "name": vote.person.name,
        "role": names.get(vote.role, vote.role),
        "at": vote.cast_at,
        "note": vote.note,
    }
