"""Take one's own vote back, as long as nothing was done with it."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import Person
from apps.approvals import events, permissions
from apps.approvals.models import Question, Vote
from apps.timeline.answers import YES, Answer, Forbidden, Missing, Refused, no
from apps.timeline.clock import database_now
from apps.timeline.log import record


@transaction.atomic
def withdraw_vote(vote: Vote, *, by: Person) -> Vote:
    """Take a vote back until it is used; its person may vote again. Doing it twice changes nothing.

    Raises Forbidden for somebody else's vote, and Refused when the question is decided or over.
    """
    question = Question.objects.select_for_update().get(pk=vote.question_id, organisation_id=vote.organisation_id)
    vote = Vote.ever.get(pk=vote.pk, question=question)
    if vote.person_id != by.pk:
        raise Forbidden("You can take back only your own vote.")
    if vote.withdrawn_at:
        return vote
    answer = may_withdraw(vote, question)
    if not answer:
        raise Refused(answer.because, code="decided", state=question.state)
    vote.withdrawn_at = database_now()
    vote.save(update_fields=["withdrawn_at"])
    names = permissions.role_names(question.organisation_id)
    record(
        events.WITHDRAWN, question, by=by, incident=question.incident_id, title=question.title,
        role=names.get(vote.role, vote.role), decision=vote.decision, content_hash=vote.content_hash,
    )  # fmt: skip
    return vote


def may_withdraw(vote: Vote, question: Question) -> Answer:
    """Answer whether the vote can still be taken back: nothing was decided with it."""
    if question.state == "open" and vote.consumed_at is None:
        return YES
    return no(f"This question is already {permissions.WORDS[question.state]}, so the vote stays. Nothing was changed.")


def own_vote(question: Question, person: Person) -> Vote:
    """Return the person's standing vote, or the one they took back last. Raises Missing when there is none."""
    votes = Vote.ever.filter(question=question, person=person)
    found = votes.filter(withdrawn_at=None).first() or votes.order_by("-withdrawn_at").first()
    if found is None:
        raise Missing("There is no such thing here.")
    return found
