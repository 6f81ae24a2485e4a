"""Whom to tell by which channel when something happens: a row per message, delivered by `delivering`.

The signal after the commit is only the fast way; `sweep` finds whatever it missed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.zones import known_zones
from apps.approvals.asking import role_names
from apps.approvals.events import ASKED, ASKED_AGAIN
from apps.approvals.models import Question
from apps.approvals.rules import sentence
from apps.communications import lifecycle
from apps.communications.models import Notice
from apps.deployments.models import EnvironmentConnection
from apps.incidents.models import Incident
from apps.providers.models import Connection
from apps.timeline.clock import database_now
from apps.timeline.models import Event

CHAT = "chat"
MISSED = timedelta(hours=1)  # how long ago something may have happened for the sweep to tell of it


def listen(sender: Any, *, event_id: Any, kind: str, **more: Any) -> None:
    """Tell of an event that has just been committed; anything that fails here is found again by the sweep."""
    if kind in TOLD and (event := Event.objects.filter(pk=event_id).first()):
        TOLD[kind](event)


def sweep() -> int:
    """Tell of whatever waits for people and was not told: a process died, or the signal was lost.

    Looks at open questions only, so it costs the same however long the record has become.
    """
    waiting = Question.objects.filter(state="open", asked_at__gt=Now() - MISSED)
    waiting = waiting.select_related("incident", "organisation")
    told = Notice.objects.filter(question=OuterRef("pk"), reason__startswith="asked:")
    made = sum(tell_approvers(question) for question in waiting.exclude(Exists(told)).order_by("asked_at"))
    made += sum(_asked_again(event) for event in _reminders(waiting))
    late = Incident.objects.active().filter(next_update_at__lt=Now())
    return made + sum(lifecycle.tell_overdue(incident) for incident in late)


def _reminders(waiting: QuerySet[Question]) -> QuerySet[Event]:
    """The times somebody asked again about these questions."""
    asked = list(waiting.values_list("organisation_id", "pk"))
    return Event.objects.filter(
        kind=ASKED_AGAIN.name, subject_kind="question", organisation_id__in={organisation for organisation, _ in asked},
        subject_id__in=[str(question) for _, question in asked],
    ).order_by("pk")  # fmt: skip


def tell_approvers(question: Question) -> int:
    """Post to the chat of the question's environment: what, who must agree, until when, and the link."""
    chat = chat_of(question.incident, question.organisation_id)
    if chat is None or question.state != "open":
        return 0
    who = sentence(question.rule, role_names(question.organisation_id))
    until = question.due_at or question.expires_at
    lines = [
        f"Waiting for approval: {question.title}",
        f"{who}, until {_clock(question, until)}.",
    ]
    if question.incident:
        lines.insert(1, f"{question.incident.severity} {question.incident.title}")
    link = question.url if question.url.startswith("http") else settings.BASE_URL + question.url
    return put(
        chat,
        "\n".join([*lines, link]),
        reason=f"asked:{question.pk}",
        question=question,
        incident=question.incident,
    )


def tell_again(question: Question, event: Event) -> int:
    """Post to the chat once more who is missing; a reason per event, so that each is told once."""
    chat = chat_of(question.incident, question.organisation_id)
    if chat is None or question.state != "open":
        return 0
    link = question.url if question.url.startswith("http") else settings.BASE_URL + question.url
    until = _clock(question, question.due_at or question.expires_at)
    lines = [
        f"Still waiting: {question.title}",
        f"{event.details['missing']}: please decide until {until}. {event.actor_name} asks again.",
        link,
    ]
    return put(chat, "\n".join(lines), reason=f"asked-again:{event.pk}", question=question, incident=question.incident)


def put(connection: Connection, text: str, *, reason: str, incident: Any = None, question: Any = None) -> int:
    """Put a message into the outbox, once per reason and connection. Returns 1 when it is new."""
    with transaction.atomic():
        _, made = Notice.objects.get_or_create(
            organisation_id=connection.organisation_id,
            reason=reason,
            connection=connection,
            defaults={
                "incident": incident,
                "question": question,
                "text": text,
                "channel": str(connection.settings.get("channel") or "")[:120],
                "next_attempt_at": database_now(),
            },
        )
    return int(made)


def chat_of(incident: Incident | None, organisation_id: Any) -> Connection | None:
    """Return the chat of the incident's environment; without an incident the organisation's only chat, if any."""
    uses = EnvironmentConnection.objects.filter(organisation_id=organisation_id, role=CHAT)
    if incident is not None:
        use = uses.filter(environment_id=incident.environment_id).select_related("connection").first()
        return use.connection if use else None
    found = Connection.objects.filter(pk__in=uses.values("connection"))[:2]
    return found[0] if len(found) == 1 else None


def _asked(event: Event) -> int:
    question = _question(event)
    return tell_approvers(question) if question else 0


def _asked_again(event: Event) -> int:
    question = _question(event)
    return tell_again(question, event) if question else 0


def _question(event: Event) -> Question | None:
    rows = Question.objects.select_related("incident", "organisation")
    return rows.filter(pk=event.subject_id, organisation_id=event.organisation_id).first()


def _clock(question: Question, moment: Any) -> str:
    zone = question.organisation.time_zone
    local = timezone.localtime(moment, ZoneInfo(zone if zone in known_zones() else "UTC"))
    return f"{local:%H:%M %Z}"


TOLD = {ASKED.name: _asked, ASKED_AGAIN.name: _asked_again}
