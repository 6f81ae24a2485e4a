"""What the approval card and programs say of time: the ladder, and who must still be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.approvals.models import Question
from apps.approvals.rules import listed


def ladder_of(question: Question, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return each rung: who is called, when, and whether that time has come. `names` are those of the roles.

    Of a question that is decided only the rungs that were reached are told.
    """
    rungs = [rung for rung in question.rungs.all() if rung.reached_at or question.state == "open"]
    coming = next((rung for rung in rungs if rung.reached_at is None), None)
    return [
        {
            "who": listed([names.get(role, role) for role in rung.roles], "and"),
            "at": rung.at,
            "reached_at": rung.reached_at,
            "next": rung is coming,
            "minutes": round((rung.at - question.asked_at).total_seconds() / 60),
        }
        for rung in rungs
    ]


def debts_of(question: Question, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return everybody who must be told: their name, role, until when, and when they acknowledged it."""
    return [
        {
            "debt": debt,
            "name": debt.person.name,
            "role": names.get(debt.role, debt.role),
            "due_at": debt.due_at,
            "acknowledged_at": debt.acknowledged_at,
        }
        for debt in question.debts.all()
    ]


def clocks(question: Question) -> dict[str, Any]:
    """Return the same for programs, with the seats' substitutes."""
    since: list[datetime] = [seat.substitutes_from for seat in question.seats.all() if seat.substitutes_from]
    return {
        "substitutes_from": min(since, default=None),
        "ladder": [
            {"roles": rung.roles, "at": rung.at, "reached_at": rung.reached_at} for rung in question.rungs.all()
        ],
        "told_after": [
            {
                "person": debt.person.email,
                "role": debt.role,
                "due_at": debt.due_at,
                "acknowledged_at": debt.acknowledged_at,
            }
            for debt in question.debts.select_related("person")
        ],
    }
