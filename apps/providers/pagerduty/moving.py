"""Acknowledge or resolve an incident: an absolute state, by its id, its number, or the key it was triggered with."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, ProviderError, Seen, Sending
from apps.providers.endings import dig, quoted, refused
from apps.providers.http import NotSent
from apps.providers.pagerduty import judging, paging
from apps.providers.pagerduty.wire import RESOLVED, REST, has, incident_called, incident_path, incident_with_key

WANTED = {"acknowledge": "acknowledged", "resolve": RESOLVED}


def problem(call: Call) -> str:
    """Return why a call does not name exactly one incident, or an empty text."""
    named, key = call.parameters.get("incident"), call.parameters.get("key")
    if bool(named) is bool(key):
        return "Name the incident either by “incident” or by “key”."
    return f"The key is longer than {paging.LONGEST_KEY} characters." if key and len(key) > paging.LONGEST_KEY else ""


def observation(access: Access, call: Call) -> Observation:
    """Say which status the incident has. Raises ProviderError where it cannot be read."""
    if not has(access, "api_token"):
        text = "Without an API token the portal cannot see the incident. Sending again is harmless: it sets a state."
        return Observation(Seen.UNREADABLE, text)
    found = _found(access, call)
    if found is None:
        text = "PagerDuty shows no incident with this key."
        return Observation(Seen.OTHER, text, {"status": "absent"})
    status = dig(found, "status")
    if not isinstance(status, str):
        raise ProviderError("PagerDuty does not tell the status of the incident.")
    readings = {"incident": dig(found, "id"), "status": status, "title": quoted(dig(found, "title"))}
    seen = Seen.DESIRED if status == WANTED[call.action] else Seen.OTHER
    return Observation(seen, f"The incident is {status}.", {"status": status}, readings)


def move(access: Access, call: Call, sending: Sending) -> Outcome:
    """Set the status with one request. Never opens a resolved incident again."""
    key = call.parameters.get("key")
    if key and has(access, "routing_key"):
        return paging.event(access, sending, call.action, key)  # an event for what is not open does nothing
    found = _found(access, call) if key or call.action == "acknowledge" else _found_or_none(access, call)
    if key and not found:
        return refused("PagerDuty shows no incident with this key. Nothing was sent.")
    if call.action == "acknowledge" and dig(found, "status") == RESOLVED:
        return refused("The incident is resolved already; acknowledging would open it again. Nothing was sent.")
    status = WANTED[call.action]
    change: dict[str, Any] = {"type": "incident_reference", "status": status}
    if resolution := call.parameters.get("resolution"):
        change["resolution"] = resolution
    path = incident_path(str(dig(found, "id") or call.parameters.get("incident")))
    answer = REST.change(access, sending, "PUT", path, body={"incident": change})
    return judging.moved(answer, REST.said(access, answer), status)


def _found(access: Access, call: Call) -> Any:
    if key := call.parameters.get("key"):
        return incident_with_key(access, key)
    return incident_called(access, call.parameters["incident"])


def _found_or_none(access: Access, call: Call) -> Any:
    try:
        return _found(access, call)
    except NotSent:
        raise
    except ProviderError:
        return None  # resolving needs no look: what was given may be the id
