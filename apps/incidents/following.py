"""What follows for people: the one next thing to do, and what was promised and is due.

Apps above know more than incidents do, so they register here: the first answer about the next step wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.permissions import may
from apps.accounts.places import ANYWHERE, Place
from apps.accounts.rights import DECLARE, PROPOSE
from apps.accounts.seeing import EVERYTHING, Sight
from apps.deployments.models import Deployment
from apps.incidents.models import Incident
from apps.incidents.states import IncidentState


@dataclass(frozen=True)
class NextStep:
    """The one next thing to do. `state` and `of` are its mark, `url` with `action` its only button.

    Without a button `because` says who or what it waits for. `until` is the end of a clock, `clock` its words.
    """

    word: str
    text: str
    state: str = "open"
    of: str = "incident"
    url: str = ""
    action: str = ""
    icon: str = ""
    because: str = ""
    until: datetime | None = None
    clock: str = "left, until"

    @property
    def digest(self) -> str:
        """A short text that changes when the step does: each reader's own step is read again only then."""
        return f"{crc32(repr(self).encode()):x}"


@dataclass(frozen=True)
class Outlook:
    """What the newest rollback promises: when healthy, by when it should be, what to mark on the rail, a sentence."""

    healthy_at: datetime | None = None
    target_at: datetime | None = None
    marks: tuple[dict[str, Any], ...] = ()
    sentence: str = ""


@dataclass(frozen=True)
class Promise:
    """Something due. `at` is when, `place` where it is about: only those who see that read it."""

    title: str
    at: datetime
    text: str = ""
    url: str = ""
    place: Place = ANYWHERE


Asked = Callable[[Incident, Person | None], NextStep | None]

_next_steps: list[Asked] = []
_outlooks: list[Callable[[Incident], Outlook | None]] = []
_promises: list[Callable[[UUID], list[Promise]]] = []


def offer_next_step(ask: Asked) -> None:
    """Register who knows a next step: `ask(incident, person)`; person is None for what everybody inside reads."""
    _next_steps.append(ask)


def offer_outlook(ask: Callable[[Incident], Outlook | None]) -> None:
    """Register who knows when an incident will be over."""
    _outlooks.append(ask)


def offer_promises(ask: Callable[[UUID], list[Promise]]) -> None:
    """Register who keeps promises: `ask(organisation_id)` returns what is due."""
    _promises.append(ask)


def next_step(incident: Incident, person: Person | None, way_back: Deployment | None) -> NextStep:
    """Return the one next thing to do, for a person or for everybody who sees the inside (None)."""
    for ask in _next_steps:
        if step := ask(incident, person):
            return step
    return _own_step(incident, person, way_back)


def outlook(incident: Incident) -> Outlook:
    """Return when the incident may be over, as far as anybody knows."""
    return next((found for ask in _outlooks if (found := ask(incident))), Outlook())


def promised(organisation_id: UUID, sight: Sight = EVERYTHING) -> list[Promise]:
    """Return everything promised and due in an organisation, as far as it is in sight, the earliest first."""
    found = [promise for ask in _promises for promise in ask(organisation_id) if sight.holds(promise.place)]
    return sorted(found, key=lambda promise: promise.at)


def _own_step(incident: Incident, person: Person | None, way_back: Deployment | None) -> NextStep:
    if incident.state == IncidentState.RESOLVED:
        return NextStep("Resolved", "Nothing is left to do about the service.", "resolved")
    if incident.state == IncidentState.MONITORING:
        return _may(
            person, DECLARE, incident, NextStep(
                "Watch, then resolve", "The previous version is back. Resolve when it has stayed healthy.",
                "monitoring", url=f"{incident.get_absolute_url()}#resolve", action="Resolve the incident",
            ),
        )  # fmt: skip
    if way_back is None:
        return NextStep(
            "No way back is known",
            f"No earlier release of {incident.service.slug} is marked as good. Mark one, or fix forward.",
            "open",
            url=f"/services/{incident.service.slug}/",
            action="Choose a known-good release",
        )
    return _may(
        person, PROPOSE, incident, NextStep(
            "Nobody has proposed a rollback yet",
            f"{way_back.version} is known to be good. Proposing changes nothing; others must agree first.",
            "open", url=f"{reverse('rollbacks:new')}?incident={incident.pk}",
            action=f"Propose rollback to {way_back.version}", icon="undo-2",
        ),
    )  # fmt: skip


def _may(person: Person | None, right: str, incident: Incident, step: NextStep) -> NextStep:
    """Take the button away from somebody who lacks the right, and say why."""
    answer = may(person, right, incident) if person else None
    if answer is None or answer:
        return step
    return NextStep(step.word, step.text, step.state, step.of, because=answer.because, until=step.until)
