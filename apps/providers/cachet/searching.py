"""Find an incident or an update again: by the marker in its text, by its id, or by its name.

Cachet has no idempotency key. The marker is a Markdown link definition that nothing refers to, so that neither the page
nor the mails show it; it works in every version, whereas `meta` is known to newer ones and to incidents only.
"""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access
from apps.providers.cachet.wire import INCIDENT_STATES, ask, listed, state_of
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted

INCIDENTS = "The list of incidents"


def with_mark(text: str, marker: str) -> str:
    """Return a text that carries the marker where only programs read it."""
    return f"{text.strip()}\n\n[//]: # ({marker})"


def marked(thing: Any, marker: str) -> bool:
    """Say whether an incident or update carries the marker."""
    return f"[//]: # ({marker})" in str(dig(thing, "attributes", "message") or "")


def name_of(thing: Any) -> str:
    """Return what an incident or a component is called."""
    return str(dig(thing, "attributes", "name") or "")


def incident_with(access: Access, marker: str) -> dict[str, Any] | None:
    """Return the incident that our marker made, or None. Raises ProviderError."""
    return next((one for one in listed(access, "/incidents", INCIDENTS) if marked(one, marker)), None)


def update_with(access: Access, incident: dict[str, Any], marker: str) -> dict[str, Any] | None:
    """Return the update of an incident that carries our marker, or None. Raises ProviderError."""
    path = f"/incidents/{incident['id']}/updates"
    return next((one for one in listed(access, path, "The updates of the incident") if marked(one, marker)), None)


def incident_called(access: Access, wanted: str) -> dict[str, Any] | None:
    """Return the incident with this id or exact name, or None; one that is not resolved comes first.

    Raises ProviderError, Denied where several that are not resolved have the name.
    """
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= 18:
        found = ask(access, f"/incidents/{wanted}", what="The incident", or_none=True)
        if isinstance(dig(found, "data"), dict):
            return _sound(found["data"])
    named = [one for one in listed(access, "/incidents", INCIDENTS) if name_of(one) == wanted]
    open_ones = [one for one in named if state_of(one, INCIDENT_STATES) != "resolved"]
    if len(open_ones) > 1:
        raise Denied(f"Several open incidents are called “{quoted(wanted)}”. Give the incident's id instead.")
    return _sound(next(iter([*open_ones, *named]), None))


def _sound(incident: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the incident if it has a number for an id, else None."""
    return incident if incident and str(incident.get("id")).isdigit() else None
