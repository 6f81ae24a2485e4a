"""The states of an incident and the only moves between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import TextChoices

from apps.timeline.answers import Refused

if TYPE_CHECKING:
    from apps.incidents.models import Incident


class IncidentState(TextChoices):
    """Where an incident is. The words are what a program reads; the labels are what people read."""

    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    ROLLING_BACK = "rolling_back", "Rolling back"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"


S = IncidentState

MOVES: dict[str, frozenset[str]] = {
    S.INVESTIGATING: frozenset({S.IDENTIFIED, S.ROLLING_BACK, S.RESOLVED}),
    S.IDENTIFIED: frozenset({S.ROLLING_BACK, S.RESOLVED}),
    S.ROLLING_BACK: frozenset({S.IDENTIFIED, S.MONITORING}),
    S.MONITORING: frozenset({S.IDENTIFIED, S.ROLLING_BACK, S.RESOLVED}),
    S.RESOLVED: frozenset(),
}


def move(incident: Incident, to: str) -> None:
    """Give the incident its new state; the caller saves it. Raises Refused with a sentence."""
    if to in MOVES[incident.state]:
        incident.state = to
        return
    here = S(incident.state)
    if here == S.RESOLVED:
        raise Refused("This incident is resolved already. Nothing was changed.", state=here.value)
    if here == S.ROLLING_BACK:
        raise Refused(
            "A rollback of this incident is under way. Nothing was changed. Let it end or cancel it first.",
            state=here.value,
        )
    raise Refused(f"This incident is {here.label.lower()}; it cannot become {S(to).label.lower()}.", state=here.value)
