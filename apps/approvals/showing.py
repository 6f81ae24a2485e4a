"""How a question looks: to programs as JSON, to pages as the approval card's facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.accounts.models import Person
from apps.approvals.asking import role_names
from apps.approvals.models import Question, Vote


def as_json(question: Question) -> dict[str, Any]:
    """Return a question with its seats and votes."""
    return {
        "id": str(question.pk),
        "kind": question.kind,
        "title": question.title,
        "state": question.state,
        "content_hash": question.content_hash,
        "requester": question.requester.email,
        "losses": question.losses,
        "confirm": question.confirm,
        "asked_at": question.asked_at,
        **agreement(question),
        "html_url": question.url,
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
    """Return what the approval card shows everybody alike: clock, seats with their votes, who asked."""
    votes = {vote.seat_id: vote for vote in question.votes.select_related("person")}
    names = role_names(question.organisation_id)
    seats = list(question.seats.all())
    rows = [_row(question, votes.get(seat.pk), seat.roles, names) for seat in seats]
    agreed = sum(1 for vote in votes.values() if vote.decision == "approve")
    return {
        "question": question,
        "rows": rows,
        "agreed": agreed,
        "needed": len(seats),
        "all_needed": "both needed" if len(seats) == 2 else "all needed" if len(seats) > 2 else "",
        "asker": question.requester,
        "clock_until": question.due_at or question.expires_at,
    }


def _row(question: Question, vote: Vote | None, roles: list[str], names: dict[str, str]) -> dict[str, Any]:
    wanted = " or ".join(names.get(role, role) for role in roles) or "Anybody with the right"
    if vote is None:
        holders = Person.objects.filter(
            organisation_id=question.organisation_id, holdings__role__slug__in=roles, active=True
        ).exclude(pk=question.requester_id)
        who = ", ".join(sorted({person.name for person in holders[:4]}))
        return {
            "state": "waiting",
            "name": who or "Nobody holds this role",
            "role": wanted,
            "line": "has not answered yet" if who else "give the role to somebody",
        }
    state = "approved" if vote.decision == "approve" else "rejected"
    return {
        "state": state,
        "name": vote.person.name,
        "role": names.get(vote.role, vote.role),
        "at": vote.cast_at,
        "note": vote.note,
    }


def left(question: Question, now: datetime) -> float:
    """Return the seconds until the question is due, or ends."""
    return ((question.due_at or question.expires_at) - now).total_seconds()
