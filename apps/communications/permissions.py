"""Who may tell others, with the reason when not."""

from __future__ import annotations

from typing import Any

from apps.accounts.permissions import may
from apps.accounts.rights import COMMUNICATE
from apps.incidents.models import Incident
from apps.timeline.answers import Answer


def may_tell(by: Any, incident: Incident) -> Answer:
    """Answer whether `by` may post an update."""
    return may(by, COMMUNICATE, incident)
