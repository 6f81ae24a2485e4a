"""What follows when a question is decided: each app that asks says what to call, and what its pages tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from apps.approvals.models import Question
from apps.timeline.clock import database_now


@dataclass(frozen=True)
class Fact:
    """Something that those who answer a question should know: whose words or what, and the words."""

    label: str
    text: str


@dataclass(frozen=True)
class Decided:
    """What to call, inside the deciding transaction, when questions of a kind are decided; and what their pages tell.

    `consumes` is off where the deed itself lets Postgres count and consume the votes; `alone` is on where whoever
    asked may start it alone under break-glass.
    """

    granted: Callable[[Question, Any], None]
    rejected: Callable[[Question, Any], None] | None = None
    expired: Callable[[Question], None] | None = None
    facts: Callable[[Question], Sequence[Fact]] | None = None
    consumes: bool = True
    alone: bool = False


DECIDED: dict[str, Decided] = {}


def when_decided(
    kind: str,
    *,
    granted: Callable[[Question, Any], None],
    rejected: Callable[[Question, Any], None] | None = None,
    expired: Callable[[Question], None] | None = None,
    facts: Callable[[Question], Sequence[Fact]] | None = None,
    consumes: bool = True,
    alone: bool = False,
) -> None:
    """Register what follows when questions of `kind` are granted, rejected or expire, and what is known about one.

    Called from an app's ready().
    """
    DECIDED[kind] = Decided(granted, rejected, expired, facts, consumes, alone)


def facts_of(question: Question) -> Sequence[Fact]:
    """Return what those who answer should know, as the app that asked tells it."""
    decided = DECIDED.get(question.kind)
    return decided.facts(question) if decided and decided.facts else []


def close(question: Question, state: str) -> None:
    """Give the question its final state. The caller holds its row and records why."""
    question.state = state
    question.decided_at = database_now()
    question.save(update_fields=["state", "decided_at"])
