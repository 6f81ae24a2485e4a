"""Find an incident again: by the marker in its metadata, by its id, or by its name.

Statuspage has no idempotency key: a second POST is a second incident and a second mail to every subscriber.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from apps.providers.base import Access
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.statuspage.wire import ask, listed

NAMESPACE = "rollback_portal"  # every top-level value of the metadata has to be an object
_ID = re.compile(r"[a-z0-9]{8,32}\Z")


def marked(incident: Any, marker: str) -> bool:
    """Say whether one of our steps with this marker wrote to the incident."""
    return marker in (dig(incident, "metadata", NAMESPACE) or {})


def with_mark(incident: Any, marker: str, what: str) -> dict[str, Any]:
    """Return the incident's metadata with our marker added; what others wrote there stays."""
    kept = dig(incident, "metadata")
    kept = kept if isinstance(kept, dict) else {}
    ours = kept.get(NAMESPACE)
    return {**kept, NAMESPACE: {**(ours if isinstance(ours, dict) else {}), marker: what}}


def incident_with(access: Access, marker: str) -> dict[str, Any] | None:
    """Return the incident that our marker is on, or None. Raises ProviderError."""
    return next((one for one in _newest(access) if marked(one, marker)), None)


def incident_called(access: Access, wanted: str) -> dict[str, Any] | None:
    """Return the incident with this id or exact name, or None; one that is not resolved comes first.

    Raises ProviderError, Denied where several that are not resolved have the name.
    """
    if _ID.match(wanted):
        found = ask(access, f"/incidents/{wanted}", what="The incident", or_none=True)
        if isinstance(found, dict):
            return found
    open_ones = [one for one in unresolved(access) if one.get("name") == wanted]
    if len(open_ones) > 1:
        raise Denied(f"Several open incidents are called “{quoted(wanted)}”. Give the incident's id instead.")
    if open_ones:
        return open_ones[0]
    return next((one for one in _all(access) if one.get("name") == wanted), None)


def unresolved(access: Access) -> Iterator[dict[str, Any]]:
    """Yield the incidents that are not resolved. Raises ProviderError."""
    return listed(access, "/incidents/unresolved", "per_page", "The list of open incidents")


def _newest(access: Access) -> Iterator[dict[str, Any]]:
    """Yield incidents that are not resolved, then the newest of all."""
    yield from unresolved(access)
    yield from _all(access)


def _all(access: Access) -> Iterator[dict[str, Any]]:
    return listed(access, "/incidents", "limit", "The list of incidents")
