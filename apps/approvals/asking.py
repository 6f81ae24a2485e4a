"""Ask people to agree, take their votes, and tell whoever asked. Knows nothing of what the question is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import Organisation, Person, Role
from apps.approvals import events, permissions
from apps.approvals.counting import consume
from apps.approvals.models import Question, Seat, Vote
from apps.approvals.rules import seats, sentence
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.log import record

EXPIRES_MINUTES = 60


class Stale(Refused):
    """The vote was for other content than what the question is about now."""

    code = "stale_plan"


@dataclass(frozen=True)
class Fact:
    """Something that those who answer a question should know: whose words or what, and the words."""

    label: str
    text: str


@dataclass(frozen=True)
class Decided:
    """What to call, inside the deciding transaction, when questions of a kind are decided; and what their pages tell.

    `consumes` is off where the deed itself lets Postgres count and consume the votes.
    """

    granted: Callable[[Question, Any], None]
    rejected: Callable[[Question, Any], None] | None = None
    expired: Callable[[Question], None] | None = None
    facts: Callable[[Question], Sequence[Fact]] | None = None
    consumes: bool = True


DECIDED: dict[str, Decided] = {}


def when_decided(
    kind: str,
    *,
    granted: Callable[[Question, Any], None],
    rejected: Callable[[Question, Any], None] | None = None,
    expired: Callable[[Question], None] | None = None,
    facts: Callable[[Question], Sequence[Fact]] | None = None,
    consumes: bool = True,
) -> None:
    """Register what follows when questions of `kind` are granted, rejected or expire, and what is known about one.

    Called from an app's ready().
    """
    DECIDED[kind] = Decided(granted, rejected, expired, facts, consumes)


def facts_of(question: Question) -> Sequence[Fact]:
    """Return what those who answer should know, as the app that asked tells it."""
    decided = DECIDED.get(question.kind)
    return decided.facts(question) if decided and decided.facts else []


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
) -> Question:
    """Open a question about `content` and one seat per vote that `rule` needs (see `rules.seats`).

    `due_minutes` starts the clock that people see; `expires_minutes` ends the question. A rule that needs nobody is
    granted at once, without calling a handler: the caller goes on by itself.
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
    Seat.objects.bulk_create(
        Seat(organisation=organisation, question=question, position=position, roles=roles)
        for position, roles in enumerate(needed, start=1)
    )
    who = sentence(rule, role_names(organisation.pk))
    record(events.ASKED, question, by=requester, incident=incident, title=title, who=f"({who})", url=url)
    return question


@transaction.atomic
def vote(
    question: Question,
    *,
    by: Person,
    decision: str,
    content_hash: str,
    role: str = "",
    note: str = "",
    accepts: Sequence[str] = (),
    confirm: str = "",
) -> Vote:
    """Cast one vote and, when it decides, do what was asked in the same transaction.

    Raises Stale (other content), Forbidden (with the reason), Refused (too late, decided) or Unacceptable (a loss not
    accepted, the name not typed). Repeating the same vote answers with the first one.
    """
    question = Question.objects.select_for_update().get(pk=question.pk, organisation_id=question.organisation_id)
    if again := question.votes.filter(person=by, decision=decision, content_hash=content_hash).first():
        return again
    _refuse_what_cannot_count(question, by, decision, content_hash)
    seated = permissions.seat_for(by, question, role)
    if seated is None:
        raise Forbidden(f"You cannot answer as {role}. Still needed: {permissions.needed_roles(question)}.")
    if decision == "approve":
        _demand_acceptance(question, accepts, confirm)
    seat, seat_role = seated
    cast = Vote.objects.create(
        organisation_id=question.organisation_id,
        question=question,
        seat=seat,
        person=by,
        requester_id=question.requester_id,
        content_hash=question.content_hash,
        decision=decision,
        role=seat_role,
        note=note.strip(),
        accepts=list(accepts),
        expires_at=question.expires_at,
    )
    _record_vote(question, cast, by)
    _decide(question, by, cast)
    return cast


def _refuse_what_cannot_count(question: Question, by: Person, decision: str, content_hash: str) -> None:
    if decision not in {"approve", "reject"}:
        raise Unacceptable("A decision is approve or reject.", field="decision")
    if by.organisation_id == question.organisation_id and content_hash != question.content_hash:
        raise Stale(
            "The plan changed while you read. Nothing was approved. See the difference, then decide again.",
            plan_hash=question.content_hash,
        )
    now = database_now()
    answer = permissions.may_vote(by, question, now=now)
    if answer:
        return
    if question.state != "open" or now >= question.expires_at:
        raise Refused(answer.because, code="expired" if now >= question.expires_at else "decided", state=question.state)
    answer.or_refuse()


def _demand_acceptance(question: Question, accepts: Sequence[str], confirm: str) -> None:
    missing = [loss for loss in question.losses if loss not in accepts]
    if missing:
        raise Unacceptable(f"Accept the named loss first: {missing[0]}", field="accepts", required=missing)
    if question.confirm and confirm.strip().casefold() != question.confirm.casefold():
        raise Unacceptable(f"Type the service name, {question.confirm}, to approve.", field="confirm")


def _record_vote(question: Question, cast: Vote, by: Person) -> None:
    names = role_names(question.organisation_id)
    record(
        events.APPROVED if cast.decision == "approve" else events.REJECTED,
        question,
        by=by,
        incident=question.incident_id,
        role=names.get(cast.role, cast.role),
        note=f": “{cast.note}”" if cast.note else ".",
        content_hash=question.content_hash,
    )


def _decide(question: Question, by: Person, cast: Vote) -> None:
    handlers = DECIDED.get(question.kind)
    if cast.decision == "reject":
        close(question, "rejected")
        if handlers and handlers.rejected:
            handlers.rejected(question, by)
        return
    taken = question.votes.filter(decision="approve").count()
    if taken < question.seats.count():
        return
    close(question, "granted")
    record(events.GRANTED, question, by=by, incident=question.incident_id, title=question.title)
    if handlers is None or handlers.consumes:
        consume(question)
    if handlers:
        handlers.granted(question, by)


def close(question: Question, state: str) -> None:
    """Give the question its final state. The caller holds its row and records why."""
    question.state = state
    question.decided_at = database_now()
    question.save(update_fields=["state", "decided_at"])


@transaction.atomic
def void(question: Question, *, by: Any, reason: str) -> None:
    """Take an open question back, with its votes: what it asked about has changed or is no longer wanted."""
    question = Question.objects.select_for_update().get(pk=question.pk)
    if question.state != "open":
        return
    close(question, "void")
    record(events.VOIDED, question, by=by, incident=question.incident_id, title=question.title, reason=reason)


def waiting_for(person: Person) -> list[Question]:
    """Return the open questions that `person` could answer now, the most urgent first."""
    held = permissions.roles_of(person)
    found = open_in(person.organisation_id).exclude(requester=person).exclude(votes__person=person)
    return [question for question in found if _free_seat(question, held)]


def open_in(organisation_id: Any) -> QuerySet[Question]:
    """Return the open questions of an organisation with their seats and votes, the most urgent first."""
    return (
        Question.objects.filter(organisation_id=organisation_id, state="open", expires_at__gt=timezone.now())
        .select_related("requester")
        .prefetch_related("seats", "votes")
        .order_by("due_at", "expires_at")
    )


def _free_seat(question: Question, held: set[str]) -> bool:
    taken = {vote.seat_id for vote in question.votes.all()}
    return any(seat.pk not in taken and (not seat.roles or held & set(seat.roles)) for seat in question.seats.all())


def role_names(organisation_id: Any) -> dict[str, str]:
    """Return slug → name of an organisation's roles."""
    return dict(Role.objects.filter(organisation_id=organisation_id).values_list("slug", "name"))
