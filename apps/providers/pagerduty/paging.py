"""Page the people on call: one event with a routing key, or one incident over REST. All attempts share one key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, ProviderError, Seen, Sending
from apps.providers.endings import dig, refused, unknown
from apps.providers.pagerduty import judging
from apps.providers.pagerduty.wire import EVENTS, RESOLVED, REST, events_access, has, incident_with_key

LONGEST_KEY = 255


def key_of(call: Call, sending: Sending) -> str:
    """Return the key by which PagerDuty recognises all attempts of a step; at most 255 characters."""
    return str(call.parameters.get("key") or f"rollback-portal-{sending.idempotency_key}")[:LONGEST_KEY]


def observation(access: Access, call: Call, sending: Sending) -> Observation:
    """Say whether the incident with our key is there. Raises ProviderError where it cannot be read."""
    if not has(access, "api_token"):
        text = "Without an API token the portal cannot see whether PagerDuty made an incident."
        return Observation(Seen.UNREADABLE, f"{text} Sending again is harmless: the key is the same.")
    found = incident_with_key(access, key_of(call, sending))
    # A key of one's own may have been used before; after its incident is resolved the same key opens a new one.
    if not found or (call.parameters.get("key") and dig(found, "status") == RESOLVED):
        return Observation(Seen.OTHER, "PagerDuty shows no open incident with our key.", {"sent": "no"})
    readings = {"incident": dig(found, "id"), "status": dig(found, "status")}
    return Observation(Seen.DESIRED, "The incident is there.", {"sent": "yes"}, readings)


def page(access: Access, call: Call, sending: Sending) -> Outcome:
    """Send the event, or make the incident where there is no routing key."""
    if has(access, "routing_key"):
        payload = {"summary": call.parameters["summary"], "source": "rollback-portal", "severity": "critical"}
        more = {"client": "Rollback Portal", "payload": {**payload, "custom_details": {"reason": sending.reason}}}
        return event(access, sending, "trigger", key_of(call, sending), more)
    if not access.settings.get("service_id"):
        return refused("Paging needs a routing key, or an API token and a service id. Nothing was sent.")
    return _incident(access, call, sending)


def event(access: Access, sending: Sending, action: str, key: str, more: Mapping[str, Any] | None = None) -> Outcome:
    """Send one event: `action` is trigger, acknowledge or resolve."""
    body = {"routing_key": access.credentials["routing_key"], "event_action": action, "dedup_key": key, **(more or {})}
    there = events_access(access)
    answer = EVENTS.change(there, sending, "POST", "/v2/enqueue", body=body)
    return judging.event(answer, EVENTS.said(there, answer), action, key)


def _incident(access: Access, call: Call, sending: Sending) -> Outcome:
    key = key_of(call, sending)
    body = {
        "incident": {
            "type": "incident",
            "title": call.parameters["summary"],
            "service": {"id": access.settings["service_id"], "type": "service_reference"},
            "incident_key": key,
            "body": {"type": "incident_body", "details": sending.reason},
        }
    }
    answer = REST.change(access, sending, "POST", "/incidents", body=body)
    try:
        # 400 is also what a second request with our own key gets: the incident is there.
        there = incident_with_key(access, key) if answer.status == 400 else None
    except ProviderError as error:
        return unknown(f"PagerDuty answered 400, and whether our incident is there is not known: {error}", answer)
    there = None if dig(there, "status") == RESOLVED and call.parameters.get("key") else there
    return judging.incident(answer, REST.said(access, answer), key, there)
