"""Start what one asked for without the votes that are missing, under break-glass; everybody passed over is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.accounts.models import Person, RoleHolding
from apps.accounts.permissions import may
from apps.accounts.rights import PROPOSE
from apps.approvals import break_glass, debts, events
from apps.approvals.counting import consume
from apps.approvals.deciding import DECIDED, close
from apps.approvals.models import BreakGlass, Question
from apps.approvals.rules import listed
from apps.approvals.voters import free_seats, holders_of
from apps.approvals.voting import demand_acceptance, demand_content
from apps.timeline.answers import YES, Answer, Forbidden, Refused, no
from apps.timeline.clock import database_now
from apps.timeline.log import record

TOLD_WITHIN_MINUTES = 60


def may_act_alone(person: Person, question: Question, *, now: Any) -> Answer:
    """Answer whether `person` could start this alone at `now`, with break-glass that is open or that they open."""
    decided = DECIDED.get(question.kind)
    if decided is None or not decided.alone or question.environment_id is None:
        return no("Only a rollback can be started alone, never a question like this.")
    if person.pk != question.requester_id:
        return no("Only the person who asked can start it alone.")
    if question.state != "open" or now >= question.expires_at:
        return no("This question is no longer open. Plan again to ask again.")
    if not person.organisation.break_glass_allowed:
        return no(break_glass.OFF)
    if break_glass.open_now(person, question.environment_id):
        return YES
    return break_glass.may_open(person, question.environment)


@transaction.atomic
def start_alone(
    question: Question,
    *,
    by: Person,
    content_hash: str,
    reason: str = "",
    accepts: Sequence[str] = (),
    confirm: str = "",
) -> BreakGlass:
    """Do what the question asks, without waiting for the seats that are empty; those who could sit there are owed.

    `reason` opens break-glass where it is not open yet. What was read is named as in a vote, and the same losses are
    accepted. The caller has made sure that the person has just proved who they are, in a browser.
    """
    question = Question.objects.select_for_update().get(pk=question.pk, organisation_id=question.organisation_id)
    if by.organisation_id != question.organisation_id or by.pk != question.requester_id:
        raise Forbidden("Only the person who asked can start it alone.")
    demand_content(question, content_hash)
    now = database_now()
    answer = may_act_alone(by, question, now=now)
    if not answer and (question.state != "open" or now >= question.expires_at):
        raise Refused(answer.because, code="decided", state=question.state)
    if not answer:
        raise Forbidden(answer.because, code="break_glass_refused")
    may(by, PROPOSE, question.environment).or_refuse()
    demand_acceptance(question, accepts, confirm)
    glass = break_glass.open_now(by, question.environment_id) or break_glass.open_glass(
        question.environment, by=by, reason=reason, incident=question.incident_id
    )
    question.break_glass = glass
    question.save(update_fields=["break_glass"])
    close(question, "granted")
    _tell(question, glass, by)
    decided = DECIDED[question.kind]
    if decided.consumes:
        consume(question)
    decided.granted(question, by)
    return glass


def _tell(question: Question, glass: BreakGlass, by: Person) -> None:
    """Write down at once who was passed over; each of them must acknowledge it."""
    skipped = _skipped(question)
    names = listed(sorted({one.person.name for one in skipped}), "and") or "Nobody"
    record(
        events.BREAK_GLASS_USED, question, by=by, incident=question.incident_id, title=question.title, names=names,
        reason=glass.reason, people=sorted({str(one.person_id) for one in skipped}), url=question.url,
        content_hash=question.content_hash,
    )  # fmt: skip
    because = f"{by.name} acted alone: {glass.reason}"
    debts.owe_to(question, skipped, within_minutes=TOLD_WITHIN_MINUTES, because=because)


def _skipped(question: Question) -> list[RoleHolding]:
    """Return who could have sat in a seat that stayed empty, without those who have voted."""
    voted = {vote.person_id for vote in question.votes.all()}
    found = [
        holding
        for seat in free_seats(question)
        for holding in holders_of(question, seat.roles).select_related("person", "role")
    ]
    return [holding for holding in found if holding.person_id not in voted]
