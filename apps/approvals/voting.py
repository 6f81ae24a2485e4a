"""Take the votes of a question, and do what it asks with the last one that is needed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.accounts.models import Person
from apps.approvals import events, permissions
from apps.approvals.counting import consume
from apps.approvals.deciding import DECIDED, close
from apps.approvals.models import Question, Vote
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.clock import database_now
from apps.timeline.log import record


class Stale(Refused):
    """The vote was for other content than what the question is about now."""

    code = "stale_plan"


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
        demand_acceptance(question, accepts, confirm)
    cast = Vote.objects.create(
        organisation_id=question.organisation_id,
        question=question,
        seat=seated.seat,
        person=by,
        requester_id=question.requester_id,
        content_hash=question.content_hash,
        decision=decision,
        role=seated.role,
        note=note.strip(),
        accepts=list(accepts),
        expires_at=question.expires_at,
    )
    _record(question, cast, by, standing_in=seated.standing_in)
    _decide(question, by, cast)
    return cast


def _refuse_what_cannot_count(question: Question, by: Person, decision: str, content_hash: str) -> None:
    if decision not in {"approve", "reject"}:
        raise Unacceptable("A decision is approve or reject.", field="decision")
    if by.organisation_id == question.organisation_id:
        demand_content(question, content_hash)
    now = database_now()
    answer = permissions.may_vote(by, question, now=now)
    if answer:
        return
    if question.state != "open" or now >= question.expires_at:
        raise Refused(answer.because, code="expired" if now >= question.expires_at else "decided", state=question.state)
    answer.or_refuse()


def demand_content(question: Question, content_hash: str) -> None:
    """Raise Stale unless what was read is what the question is about."""
    if content_hash != question.content_hash:
        raise Stale(
            "The plan changed while you read. Nothing was approved. See the difference, then decide again.",
            plan_hash=question.content_hash,
        )


def demand_acceptance(question: Question, accepts: Sequence[str], confirm: str) -> None:
    """Raise Unacceptable unless each named loss was accepted and the service's name typed where that is asked."""
    missing = [loss for loss in question.losses if loss not in accepts]
    if missing:
        raise Unacceptable(f"Accept the named loss first: {missing[0]}", field="accepts", required=missing)
    if question.confirm and confirm.strip().casefold() != question.confirm.casefold():
        raise Unacceptable(f"Type the service name, {question.confirm}, to approve.", field="confirm")


def _record(question: Question, cast: Vote, by: Person, *, standing_in: bool) -> None:
    name = permissions.role_names(question.organisation_id).get(cast.role, cast.role)
    record(
        events.APPROVED if cast.decision == "approve" else events.REJECTED,
        question,
        by=by,
        incident=question.incident_id,
        role=f"substitute for {name}" if standing_in else name,
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
