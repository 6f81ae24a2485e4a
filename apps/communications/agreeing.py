"""Words to the outside that others must agree to first: they wait as they are, letter by letter, and are told then.

Whether anybody must agree says a rule of kind `message.external`; without one nobody is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Person
from apps.approvals import asking
from apps.approvals.asking import Fact
from apps.approvals.kinds import impacts_of_incident
from apps.approvals.models import Question
from apps.approvals.rules import sentence
from apps.approvals.ruling import Ruling, rule_for
from apps.communications import events
from apps.communications.models import WaitingUpdate
from apps.communications.posting import WHOM, hold, tell
from apps.incidents.models import Incident
from apps.timeline.answers import Forbidden, Refused, Unacceptable
from apps.timeline.ids import new_id
from apps.timeline.log import record
from apps.timeline.models import Visibility

KIND = "message.external"
PRESSED_TWICE = timedelta(seconds=30)


def ruling_about(incident: Incident, audience: str) -> Ruling | None:
    """Return who must agree before this audience is told, or None where nobody must.

    The caller holds the rules, from before it locked the incident: whoever changes rules waits for votes.
    """
    if audience == Visibility.INTERNAL:
        return None
    felt = impacts_of_incident(
        externally_visible=incident.externally_visible, affected_users_percent=incident.affected_users_percent
    )
    environment = incident.environment
    ruling = rule_for(
        incident.organisation_id, kind=KIND, severity=incident.severity, environment=environment, impacts=felt
    )
    return None if ruling.nobody else ruling


def who_first(incident: Incident) -> dict[str, str]:
    """Return who must agree first, in words by audience; nothing for an audience that is told at once."""
    rulings = {audience: ruling_about(incident, audience) for audience in (Visibility.STAKEHOLDER, Visibility.PUBLIC)}
    names = asking.role_names(incident.organisation_id)
    return {WHOM[audience]: sentence(found.demand, names) for audience, found in rulings.items() if found}


def ask(
    incident: Incident, given: Mapping[str, str], *, by: Any, next_update_minutes: int | None, ruling: Ruling
) -> Question:
    """Keep the words and ask the people of the rule; the same words pressed twice are asked once.

    Raises Forbidden for a program without a person: somebody must answer for the words.
    """
    if not isinstance(by, Person):
        raise Forbidden("Others must agree to these words, so a person must ask them. Use a personal token.")
    waiting = waiting_for(incident).filter(author=by, created_at__gt=timezone.now() - PRESSED_TWICE, **given).first()
    if waiting:
        return waiting.question
    kept = WaitingUpdate(
        id=new_id(), organisation_id=incident.organisation_id, incident=incident, author=by,
        next_update_minutes=next_update_minutes, **given,
    )  # fmt: skip
    whom = WHOM[Visibility(kept.audience)]
    kept.question = asking.ask(
        organisation=incident.organisation,
        kind=KIND,
        title=f"Tell {whom} about {incident.reference}: {kept.text}"[:300],
        url=reverse("communications:waiting", args=[incident.pk]),
        subject=kept,
        requester=by,
        content=kept.content,
        incident=incident,
        environment=incident.environment,
        rule_reason=ruling.because[:300],
        **ruling.asked(),
    )
    kept.save(force_insert=True)
    record(events.PROPOSED, kept, by=by, incident=incident, whom=whom, text=kept.text, question=str(kept.question.pk))
    return kept.question


def grant(question: Question, by: Any) -> None:
    """Tell exactly what was agreed on, in its author's name. Raises Refused when it no longer fits."""
    kept = WaitingUpdate.objects.select_related("author").get(question=question)
    incident = hold(kept.incident_id, kept.organisation_id)
    given = {"audience": kept.audience, "phase": kept.phase, "text": kept.text}
    try:
        tell(incident, given, by=kept.author, next_update_minutes=kept.next_update_minutes, question=question)
    except Unacceptable as outrun:
        raise Refused(
            f"{outrun.message} Nothing was told: take the message back and write it anew.", state=incident.state
        ) from outrun


@transaction.atomic
def take_back(kept: WaitingUpdate, *, by: Any) -> WaitingUpdate:
    """Take one's own words back before they are told. Raises Forbidden for others', Refused when it is too late."""
    if kept.author_id != by.pk:
        raise Forbidden("Only who wrote it can take it back. Vote against it instead.")
    question = Question.objects.select_for_update().get(pk=kept.question_id)
    if question.state != "open":
        raise Refused("It is decided already, so nothing was taken back.", code="decided", state=question.state)
    asking.void(question, by=by, reason="taken back by its author")
    return WaitingUpdate.objects.select_related("incident", "author", "question").get(pk=kept.pk)


def facts(question: Question) -> list[Fact]:
    """Return the words themselves, whom they are for, and what is promised with them."""
    kept = WaitingUpdate.objects.select_related("author").get(question=question)
    minutes = kept.next_update_minutes
    return [
        Fact("For", WHOM[Visibility(kept.audience)].capitalize()),
        Fact("The exact words", kept.text),
        Fact("Phase", kept.phase_words),
        Fact("Promises the next update", f"{minutes} minutes after it is told" if minutes else "no"),
        Fact("If you agree", "It is told at once, on the status page. Words that were told are not taken back."),
    ]


def waiting_for(incident: Incident) -> QuerySet[WaitingUpdate]:
    """Return the words about an incident that wait for an answer, oldest first."""
    rows = WaitingUpdate.objects.filter(incident=incident, question__state="open")
    return rows.select_related("question", "author", "incident").order_by("created_at")
