"""How PagerDuty is spoken: REST with an API token, events with a routing key and no sign-in.

Sources: PagerDuty/api-schema (REST and Events v2).
"""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential, segment
from apps.providers.endings import dig

OAUTH = ("pdus+", "pdeu+")  # how the tokens of scoped OAuth begin


def _authorization(token: str) -> str:
    return f"Bearer {token}" if token.startswith(OAUTH) else f"Token token={token}"


REST = Api(
    "PagerDuty",
    "https://api.pagerduty.com",
    lambda access: {
        "Authorization": _authorization(credential(access, "api_token", "PagerDuty")),
        "Accept": "application/vnd.pagerduty+json;version=2",
        "Content-Type": "application/json",
        "From": access.settings.get("from_email", ""),
    },
)
EVENTS = Api("PagerDuty", "https://events.pagerduty.com", lambda access: {})
EU = "https://api.eu.pagerduty.com"
RESOLVED = "resolved"
MOST_WITHOUT_KEY = 5  # incidents whose alerts are asked for a key


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


def incident_called(access: Access, incident: str) -> Any:
    """Return an incident by its id or number. Raises ProviderError."""
    body = ask(access, incident_path(incident), what=f"The incident {incident}")
    found = dig(body, "incident")
    if not dig(found, "id"):
        raise ProviderError("PagerDuty answered with something that is not an incident.")
    return found


def incident_with_key(access: Access, key: str) -> Any:
    """Return the incident that was made with this key, the open one before the newest, or None. Raises ProviderError.

    An incident that an event made may show no key; then the keys of its alerts count (PagerDuty's description of
    `incident_key` says so).
    """
    query: Query = {"incident_key": key, "limit": 100, "date_range": "all"}
    listed = _listed(ask(access, "/incidents", query, "The list of incidents"), "incidents")
    found = [one for one in listed if dig(one, "incident_key") == key]
    keyless = [one for one in listed if not dig(one, "incident_key")][-MOST_WITHOUT_KEY:]
    found += [one for one in keyless if not found and _has_alert(access, one, key)]
    ranked = sorted(found, key=lambda one: (dig(one, "status") != RESOLVED, dig(one, "incident_number") or 0))
    return ranked[-1] if ranked else None


def user_with_email(access: Access, email: str) -> Any:
    """Return the user who has this address, or None. Raises ProviderError."""
    body = ask(access, "/users", {"query": email, "limit": 100}, "The list of users")
    users = _listed(body, "users")
    return next((user for user in users if str(dig(user, "email")).lower() == email.lower()), None)


def _has_alert(access: Access, incident: Any, key: str) -> bool:
    path = incident_path(str(dig(incident, "id")))
    body = ask(access, f"{path}/alerts", {"limit": 100}, "The alerts of an incident")
    return any(dig(alert, "alert_key") == key for alert in _listed(body, "alerts"))


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
