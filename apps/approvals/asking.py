"""Ask people to agree, and take a question back. Knows nothing of what the question is about.

What others need of a question's whole life is found here: `vote`, `withdraw_vote`, `when_decided` and their like.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from apps.accounts.models import Organisation, Person
from apps.approvals import events
from apps.approvals.debts import owe
from apps.approvals.deciding import DECIDED, Decided, Fact, close, facts_of, when_decided
from apps.approvals.ladder import raise_ladder
from apps.approvals.models import Question, Seat
from apps.approvals.permissions import role_names
from apps.approvals.rules import seats, sentence
from apps.approvals.substitutes import named_for
from apps.approvals.voting import Stale, vote
from apps.approvals.waiting import open_in, waiting_for
from apps.approvals.withdrawing import withdraw_vote
from apps.timeline.clock import database_now
from apps.timeline.log import record

__all__ = [
    "DECIDED", "Decided", "Fact", "Stale", "ask", "close", "digest", "facts_of", "open_in", "role_names", "void",
    "vote", "waiting_for", "when_decided", "withdraw_vote",
]  # fmt: skip

EXPIRES_MINUTES = 60
NOBODY = "Nobody had to agree before."


def digest(content: bytes | Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content, 64 hex digits; a mapping is written canonically first."""
    if not isinstance(content, bytes):
        content = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(content).hexdigest()


@transaction.atomic
def ask(
    *,
    organisation: Organisation,
    kind: str,
    title: str,
    url: str,
    subject: models.Model,
    requester: Person,
    content: bytes | Mapping[str, Any],
    rule: Mapping[str, Any],
    due_minutes: float | None = None,
    expires_minutes: float = EXPIRES_MINUTES,
    incident: Any = None,
    losses: Sequence[str] = (),
    confirm: str = "",
    rule_reason: str = "",
    service: Any = None,
    environment: Any = None,
    right: str = "approve",
    ladder: Sequence[Mapping[str, Any]] = (),
    told_after: Sequence[str] = (),
    told_within_minutes: float = 60,
) -> Question:
    """Open a question about `content` and one seat per vote that `rule` needs (see `rules.seats`).

    `due_minutes` starts the clock that people see; `expires_minutes` ends the question. A voter must have `right` in
    the `environment`, its service or the whole organisation; without a place only the whole organisation counts.
    `ladder` is [{"minutes", "roles"}]. A rule that needs nobody is granted at once, without calling a handler: the
    caller goes on by itself, and the holders of `told_after` must be told within `told_within_minutes`.
    """
    now = database_now()
    needed = seats(rule)
    question = Question.objects.create(
        organisation=organisation,
        kind=kind,
        title=title,
        url=url,
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        incident_id=getattr(incident, "pk", incident),
        environment=environment,
        service_id=environment.service_id if environment else getattr(service, "pk", service),
        right=right,
        requester=requester,
        content_hash=digest(content),
        rule=dict(rule),
        rule_reason=rule_reason,
        losses=list(losses),
        confirm=confirm,
        state="open" if needed else "granted",
        due_at=now + timedelta(minutes=due_minutes) if due_minutes and needed else None,
        expires_at=now + timedelta(minutes=expires_minutes),
        decided_at=None if needed else now,
    )
    _set_seats(question, needed)
    who = sentence(rule, role_names(organisation.pk))
    record(events.ASKED, question, by=requester, incident=incident, title=title, who=f"({who})", url=url)
    _start_clocks(question, now, ladder, told_after, told_within_minutes)
    return question


def _set_seats(question: Question, needed: Sequence[Sequence[str]]) -> None:
    """Write the seats; those who may stand in are fixed now, from the moment when the time is up."""
    standing_in = named_for(question.requester, needed) if question.due_at else [[] for _ in needed]
    Seat.objects.bulk_create(
        Seat(
            organisation_id=question.organisation_id,
            question=question,
            position=position,
            roles=list(roles),
            substitutes=people,
            substitutes_from=question.due_at if people else None,
        )
        for position, (roles, people) in enumerate(zip(needed, standing_in, strict=True), start=1)
    )


def _start_clocks(
    question: Question, now: datetime, ladder: Sequence[Mapping[str, Any]], told_after: Sequence[str], minutes: float
) -> None:
    if question.state == "open":
        raise_ladder(question, ladder, now)
    elif told_after:
        owe(question, told_after, within_minutes=minutes, because=str(question.rule.get("because") or NOBODY))


@transaction.atomic
def void(question: Question, *, by: Any, reason: str) -> None:
    """Take an open question back, with its votes: what it asked about has changed or is no longer wanted."""
    question = Question.objects.select_for_update().get(pk=question.pk)
    if question.state != "open":
        return
    close(question, "void")
    record(events.VOIDED, question, by=by, incident=question.incident_id, title=question.title, reason=reason)
