"""What one looks at in the first five seconds: what is broken, since when, which release, which way back, what now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.models import Person
from apps.approvals.debts import names_of, open_about
from apps.deployments import targets
from apps.deployments.models import Deployment
from apps.deployments.targets import Suspect, Target
from apps.incidents.following import NextStep, Outlook, next_step, outlook
from apps.incidents.models import Incident
from apps.incidents.picture import Picture, picture


@dataclass(frozen=True)
class Situation:
    """Everything the situation card shows. `suspects` are ranked, the likeliest first; `untold` must still be told."""

    incident: Incident
    suspects: list[Suspect]
    way_back: Target | None
    picture: Picture
    next: NextStep
    outlook: Outlook
    untold: list[str]

    @property
    def suspect(self) -> Suspect | None:
        """The release that is suspected most."""
        return self.suspects[0] if self.suspects else None

    @property
    def ends_at(self) -> datetime:
        """The end of the time to recover."""
        return recover_by(self.incident)

    @property
    def rail_now(self) -> datetime:
        """Up to where the time is spent: now, or when it was resolved."""
        return min(self.incident.resolved_at or self.picture.now, self.ends_at)

    @property
    def late(self) -> bool:
        """Say whether the time to recover has run out."""
        return (self.incident.resolved_at or self.picture.now) > self.ends_at

    @property
    def counting(self) -> bool:
        """Say whether the clock still runs."""
        return self.incident.resolved_at is None and not self.late

    @property
    def words(self) -> str:
        """How much fails, in words people say: "About 1 in 3 requests fails"; empty while nothing fails."""
        return share_in_words(self.picture.readings.now_percent) if self.picture.failing else ""


def recover_by(incident: Incident) -> datetime:
    """Return when the service's time to recover ends, counted from the start of the trouble."""
    return incident.started_at + timedelta(minutes=incident.service.rto_minutes)


def situation(incident: Incident, person: Person | None = None, now: datetime | None = None) -> Situation:
    """Return the situation of an incident (from `Incident.objects.told()`), its next step as `person` sees it."""
    now = now or timezone.now()
    suspected = suspects_of(incident)
    suspect = suspected[0].deployment if suspected else None
    back = way_back(incident, suspect)
    return Situation(
        incident=incident,
        suspects=suspected,
        way_back=back,
        picture=picture(incident, suspect, now),
        next=next_step(incident, person, back.deployment if back else None),
        outlook=outlook(incident),
        untold=names_of(open_about(incident.pk)),
    )


def suspects_of(incident: Incident) -> list[Suspect]:
    """Return the suspected releases, the one that somebody named before those that only the clock suspects."""
    found = targets.suspects(incident.environment, incident.started_at)
    if incident.suspect is None:
        return found
    named = next((one for one in found if one.deployment.pk == incident.suspect_id), None)
    first = named or Suspect(incident.suspect, 0.0, f"Somebody named {incident.suspect.version} as the cause.")
    return [first, *(one for one in found if one is not named)]


def way_back(incident: Incident, suspect: Deployment | None = None) -> Target | None:
    """Return the newest known-good release that is neither live nor suspected. One query; asks nobody outside."""
    for target in targets.known_good(incident.environment, incident.started_at, ask=False):
        if target.known_good and (suspect is None or target.deployment.pk != suspect.pk):
            return target
    return None


def strip(incident: Incident, current: str = "") -> dict[str, Any]:
    """Return the context of `parts/_strip.html` for every page of an incident (its service must be loaded)."""
    resolved = incident.resolved_at is not None
    return {
        "severity": incident.severity,
        "title": incident.title,
        "since": incident.started_at,
        "until": None if resolved else recover_by(incident),
        "incident_url": incident.get_absolute_url(),
        "timeline_url": f"{incident.get_absolute_url()}timeline/",
        "status_url": incident.status_url,
        "current": current,
    }


def share_in_words(percent: float | None) -> str:
    """Say a share of failing requests as people do; whole fractions up to one in ten, numbers beyond."""
    if percent is None or percent <= 0:
        return ""
    if percent >= 95:
        return "Nearly every request fails"
    if percent > 60:
        return f"About {round(percent / 10)} in 10 requests fail"
    if percent >= 9:
        return f"About 1 in {max(2, round(100 / percent))} requests fails"
    return f"{percent:.1f} % of requests fail"
