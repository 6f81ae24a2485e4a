"""How PagerDuty is spoken: REST with an API token, events with a routing key and no sign-in.

Sources: PagerDuty/api-schema (REST and Events v2).
"""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential, segment
from apps.providers.endings import dig

REST = Api(
    "PagerDuty",
    "https://api.pagerduty.com",
    lambda access: {
        "Authorization": f"Token token={credential(access, 'api_token', 'PagerDuty')}",
        "Accept": "application/vnd.pagerduty+json;version=2",
        "Content-Type": "application/json",
        "From": access.settings.get("from_email", ""),
    },
)
EVENTS = Api("PagerDuty", "https://events.pagerduty.com", lambda access: {})
EU = "https://api.eu.pagerduty.com"


def has(access: Access, name: str) -> bool:
    """Say whether the connection has this credential."""
    return bool(access.credentials.get(name))


def events_access(access: Access) -> Access:
    """Return the access to the events host that belongs to the REST host of the connection."""
    hosts = {REST.default_base_url: EVENTS.default_base_url, EU: "https://events.eu.pagerduty.com"}
    base_url = hosts.get(access.base_url.rstrip("/"), access.base_url)
    return Access(base_url, access.settings, access.credentials, access.name)


def incident_path(incident: str) -> str:
    """Return the path of an incident, given by id or number. Raises ProviderError."""
    return f"/incidents/{segment(incident, 'a PagerDuty incident')}"


def ask(access: Access, path: str, query: Query | None = None, what: str = "") -> Any:
    """Return the body of a page. Raises ProviderError (Denied for a definitive no)."""
    answer = REST.read(access, path, query)
    if not answer.ok:
        raise REST.unreadable(access, answer, what or path)
    return answer.json()


def incident_with_key(access: Access, key: str) -> Any:
    """Return the incident that our key made, or None. Raises ProviderError."""
    body = ask(access, "/incidents", {"incident_key": key, "limit": 100}, "The list of incidents")
    return next((one for one in _listed(body, "incidents") if dig(one, "incident_key") == key), None)


def note_with(access: Access, incident: str, marker: str) -> Any:
    """Return the note of an incident that carries the marker, or None. Raises ProviderError."""
    body = ask(access, f"{incident_path(incident)}/notes", what=f"The notes of the incident {incident}")
    return next((one for one in _listed(body, "notes") if marker in str(dig(one, "content"))), None)


def _listed(body: Any, name: str) -> list[Any]:
    """Return a list that has to be there: its absence must not be mistaken for an empty one."""
    found = dig(body, name)
    if not isinstance(found, list):
        raise ProviderError(f"PagerDuty answered with something that is not a list of {name}.")
    return found
