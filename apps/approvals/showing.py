"""How a question looks: to programs as JSON, to pages as the approval card's facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.approvals.clock_words import clocks, debts_of, ladder_of
from apps.approvals.deciding import facts_of
from apps.approvals.models import Question, Seat, Vote
from apps.approvals.permissions import role_names
from apps.approvals.reminding import reminded
from apps.approvals.rules import listed
from apps.approvals.substitutes import standing_by
from apps.approvals.voters import holders_of

SEATED = ("seats", "votes__person", "rungs", "debts__person", "break_glass__person")
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
        "because": question.rule.get("because", ""),
        "break_glass": question.break_glass_id is not None,
        **clocks(question),
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
    """Return what the approval card shows everybody alike: clock, seats with their votes, ladder, rule, who asked.

    Costs three queries where seats, votes, their people, rungs and debts (`SEATED`) were prefetched, and one more
    where substitutes were named.
    """
    votes = {vote.seat_id: vote for vote in question.votes.all()}
    seats = list(question.seats.all())
    names = role_names(question.organisation_id)
    return {
        "question": question,
        "names": names,
        "rows": _rows(question, seats, votes, names),
        "agreed": sum(vote.decision == "approve" for vote in votes.values()),
        "needed": len(seats),
        "all_needed": "both needed" if len(seats) == 2 else "all needed" if len(seats) > 2 else "",
        "asker": question.requester,
        "clock_until": question.due_at or question.expires_at,
        "mark": STATES.get(question.state, question.state),
        "standing_by": any(seat.substitutes for seat in seats),
        "rule": question.rule.get("because", ""),
        "ladder": ladder_of(question, names),
        "debts": debts_of(question, names),
        "alone": question.break_glass,
    }


STATES = {"granted": "approved", "void": "withdrawn"}  # the words that marks know


def _rows(
    question: Question, seats: Sequence[Seat], votes: Mapping[UUID, Vote], names: Mapping[str, str]
) -> list[dict[str, Any]]:  # fmt: skip
    """Return one row per seat: its vote, or who is silent, who may stand in from when, and when they were asked."""
    silent = [seat for seat in seats if seat.pk not in votes]
    still_asked = silent if question.state == "open" else []
    holders = _holders(question, still_asked)
    asked_again = reminded(question) if still_asked else {}
    standing = standing_by(question, still_asked)
    return [
        _given(votes[seat.pk], names)
        if seat.pk in votes
        else {
            **_silent(question, seat.roles, names, holders),
            **_again(question, seat.position, asked_again),
            **_substitutes(seat, standing, names),
        }
        for seat in seats
    ]


def _holders(question: Question, silent: Sequence[Seat]) -> dict[str, list[str]]:
    """Return role → names of those who could still sit in one of the silent seats. One query."""
    wanted = {role for seat in silent for role in seat.roles}
    found: dict[str, list[str]] = defaultdict(list)
    if not wanted:
        return found
    held = holders_of(question, sorted(wanted)).order_by("person__name")
    for role, name in held.values_list("role__slug", "person__name"):
        found[role].append(name)
    return found


def _silent(
    question: Question, roles: Sequence[str], names: Mapping[str, str], holders: Mapping[str, list[str]]
) -> dict[str, Any]:  # fmt: skip
    wanted = listed([names.get(role, role) for role in roles], "or") or "Anybody with the right"
    if len(roles) > MANY_ROLES:
        wanted = f"any of {len(roles)} roles"
    if question.state != "open":
        word = "Passed over" if question.break_glass_id else "Not answered"
        return {"state": "cannot", "name": wanted, "role": "no vote was given", "word": word}
    who = sorted({name for role in roles for name in holders.get(role, [])})
    if roles and not who:
        return {"state": "waiting", "name": "Nobody holds this role", "role": wanted, "line": "give it to somebody"}
    shown = ", ".join(who[:4]) + (f" and {len(who) - 4} more" if len(who) > 4 else "")
    return {"state": "waiting", "name": shown or "Anybody else", "role": wanted}


def _again(question: Question, position: int, asked: Mapping[int, datetime]) -> dict[str, Any]:
    """Return what the button "Ask again" of a silent seat needs, and when that was last pressed."""
    return {"seat": position, "reminded": asked.get(position)} if question.state == "open" else {}


def _substitutes(seat: Seat, standing: Mapping[UUID, list[str]], names: Mapping[str, str]) -> dict[str, Any]:
    """Return who may answer for a silent seat, and from when."""
    if seat.pk not in standing or seat.substitutes_from is None:
        return {}
    return {
        "substitutes": listed(standing[seat.pk], "or"),
        "substitutes_for": listed([names.get(role, role) for role in seat.roles], "or"),
        "substitutes_from": seat.substitutes_from,
        "substitutes_now": timezone.now() >= seat.substitutes_from,
    }


def _given(vote: Vote, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "state": "approved" if vote.decision == "approve" else "rejected",
        "name": vote.person.name,
        "role": names.get(vote.role, vote.role),
        "at": vote.cast_at,
        "note": vote.note,
    }
