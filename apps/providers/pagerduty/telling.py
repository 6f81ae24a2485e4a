"""Write on an incident: a note, word to its stakeholders, a call to more people."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Call, Observation, Outcome, ProviderError, Seen, Sending
from apps.providers.calling import segment
from apps.providers.endings import dig, quoted, refused
from apps.providers.pagerduty import judging
from apps.providers.pagerduty.wire import REST, incident_called, incident_path, note_with, user_with_email

NOWHERE = "PagerDuty shows nowhere which status updates were sent."


def marked(text: str, sending: Sending) -> str:
    """Return a text that ends with the marker by which it is found again."""
    return f"{text}\n\n[{sending.marker}]"


def observation(access: Access, call: Call, sending: Sending) -> Observation:
    """Say whether what we write is on the incident. Raises ProviderError where it cannot be read."""
    incident, noun = call.parameters["incident"], "note" if call.action == "note" else "request"
    found = note_with(access, incident, sending.marker) if noun == "note" else _request_with(access, incident, sending)
    if found:
        return Observation(Seen.DESIRED, f"The {noun} is on the incident.", {"sent": "yes"})
    return Observation(Seen.OTHER, f"No {noun} with our marker is on the incident.", {"sent": "no"})


def note(access: Access, call: Call, sending: Sending) -> Outcome:
    """Add the note."""
    incident = call.parameters["incident"]
    body = {"note": {"content": marked(call.parameters["content"], sending)}}
    answer = REST.change(access, sending, "POST", f"{incident_path(incident)}/notes", body=body)
    return judging.written(answer, REST.said(access, answer), ("note", "id"), "added the note to", incident)


def status_update(access: Access, call: Call, sending: Sending) -> Outcome:
    """Tell the stakeholders; every request tells them again, so none is repeated."""
    incident, subject = call.parameters["incident"], call.parameters.get("subject")
    body = {"message": call.parameters["message"], **({"subject": subject} if subject else {})}
    answer = REST.change(access, sending, "POST", f"{incident_path(incident)}/status_updates", body=body)
    done = "sent the status update of"
    return judging.written(answer, REST.said(access, answer), ("status_update", "id"), done, incident)


def request_responders(access: Access, call: Call, sending: Sending) -> Outcome:
    """Ask people and escalation policies to join, in the name of the connection's user."""
    incident, email = call.parameters["incident"], access.settings.get("from_email", "")
    targets = [_target(one, "user_reference") for one in call.parameters.get("users") or ()]
    targets += [_target(one, "escalation_policy_reference") for one in call.parameters.get("policies") or ()]
    requester = dig(user_with_email(access, email), "id")
    if not requester:
        return refused(f"PagerDuty knows no user {quoted(email)}, who would have to ask. Nothing was sent.")
    message = marked(call.parameters["message"], sending)
    body = {"requester_id": requester, "message": message, "responder_request_targets": targets}
    answer = REST.change(access, sending, "POST", f"{incident_path(incident)}/responder_requests", body=body)
    done = "asked people to join"
    return judging.written(answer, REST.said(access, answer), ("responder_request", "requested_at"), done, incident)


def problem(call: Call) -> str:
    """Return why nobody can be asked to join, or an empty text."""
    try:
        named = [
            segment(one, "a PagerDuty id") for name in ("users", "policies") for one in call.parameters.get(name) or ()
        ]
    except ProviderError as error:
        return str(error)
    return "" if named else "Name people or escalation policies to ask."


def _target(key: str, kind: str) -> dict[str, Any]:
    return {"responder_request_target": {"id": key, "type": kind}}


def _request_with(access: Access, incident: str, sending: Sending) -> Any:
    """Return the request that carries our marker, or None. Raises ProviderError where requests are not shown."""
    found = incident_called(access, incident)
    lists = [dig(found, name) for name in ("responder_requests", "incidents_responders")]
    if not any(isinstance(one, list) for one in lists):
        raise ProviderError("PagerDuty shows no requests for responders on the incident; the plan may not have them.")
    every = [one for each in lists if isinstance(each, list) for one in each]
    return next((one for one in every if sending.marker in str(dig(one, "message"))), None)
