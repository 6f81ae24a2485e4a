"""The page "Now": what is broken, what runs, what waits for me, what was promised. The same for page and stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q
from django.utils import timezone

from apps.accounts.models import Person
from apps.accounts.seeing import EVERYTHING, Sight, within
from apps.approvals.models import Question
from apps.deployments.overview import InProduction, in_production
from apps.incidents.following import Promise, promised
from apps.incidents.models import Incident
from apps.incidents.situation import Situation, situation

SHOWN_WHOLE = 3  # so many incidents get their whole card; more at once are listed
RECENT = 5


@dataclass(frozen=True)
class Now:
    """Everything the page shows that is not one person's."""

    situations: list[Situation]
    more: list[Incident]
    production: list[InProduction]
    promised: list[Promise]
    recent: list[Incident]
    asked: str  # changes when the open questions do: what waits for one reader is read again only then

    @property
    def quiet(self) -> int:
        """How many environments have no active incident."""
        troubled = {one.incident.environment_id for one in self.situations}
        troubled |= {incident.environment_id for incident in self.more}
        return sum(line.environment.pk not in troubled for line in self.production)


def now(organisation_id: UUID, person: Person | None = None, sight: Sight = EVERYTHING) -> Now:
    """Return what is going on in an organisation, as far as it is in sight.

    Next steps are as `person` sees them, or as everybody inside does.
    """
    incidents = within(Incident.objects.filter(organisation_id=organisation_id).told(), sight)
    active = list(incidents.active().order_by("severity", "-declared_at")[:20])
    return Now(
        situations=[situation(incident, person) for incident in active[:SHOWN_WHOLE]],
        more=active[SHOWN_WHOLE:],
        production=in_production(organisation_id, sight),
        promised=promised(organisation_id, sight),
        asked=_asked(organisation_id, sight),
        recent=[] if active else list(incidents.filter(state="resolved").order_by("-resolved_at")[:RECENT]),
    )


def _asked(organisation_id: UUID, sight: Sight) -> str:
    """Return a text that changes when a question is asked, answered or decided. One query."""
    questions = within(Question.objects.filter(organisation_id=organisation_id, state="open"), sight)
    found = questions.aggregate(
        count=Count("pk", distinct=True),
        votes=Count("votes", filter=Q(votes__withdrawn_at=None)),
        newest=Max("asked_at"),
    )
    newest = found["newest"]
    return f"{found['count']}-{found['votes']}-{newest.timestamp() if newest else 0:.0f}"


def context(organisation_id: Any, person: Person | None = None, sight: Sight = EVERYTHING) -> dict[str, Any]:
    """Return the context of the fragments of the page."""
    return {"here": now(UUID(str(organisation_id)), person, sight), "now": timezone.now()}
