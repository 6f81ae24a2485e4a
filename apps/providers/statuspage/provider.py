"""Statuspage: tell the public. Open, update and resolve incidents, and set the status of components."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.providers.base import Access, Call, Field, Finding, Observation, Outcome, Provider, Seen, Sending
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome, quoted, refused
from apps.providers.statuspage import checking, judging
from apps.providers.statuspage.actions import COMPONENT_STATUS, CREATE, RESOLVE, UPDATE, misworded
from apps.providers.statuspage.searching import incident_called, incident_with, marked, with_mark
from apps.providers.statuspage.wire import API, COMPONENT_STATES, beforehand, component, component_ids, page_path, said

ENDED = ("resolved", "postmortem", "completed")


class Statuspage(Provider):
    """One page of Atlassian Statuspage."""

    slug = "statuspage"
    name = "Statuspage"
    default_base_url = API.default_base_url
    settings = (
        Field("page_id", "Page id", help="In the address of the page's management.", placeholder="abc123def456"),
    )
    credentials = (Field("api_key", "API key", help="Of a user who manages the page: avatar → API info."),)
    actions = (CREATE, UPDATE, RESOLVE, COMPONENT_STATUS)
    roles = ("status",)
    support = "https://support.atlassian.com/contact"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what Statuspage would not take, besides what every provider checks."""
        return super().problems(call) or misworded(call.parameters)

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look at the page, its components and what is open there; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the incident, the update or the status that the call wants is there."""
        if call.action == "component_status":
            return _component(access, call)
        if call.action == "resolve":
            return _resolved(access, call)
        if not sending:  # what it is about may be made by an earlier step of the same run
            return Observation(Seen.OTHER, "Nothing has been written to the status page yet.", {"written": "no"})
        if call.action == "create":
            found = incident_with(access, sending.marker)
        else:
            found = incident_called(access, call.parameters["incident"])
            found = found if marked(found, sending.marker) else None
        if not found:
            return Observation(Seen.OTHER, "Nothing with our marker is on the status page.", {"written": "no"})
        text = f"It is on the incident “{quoted(found.get('name'))}”, {judging.words(found.get('status'))} now."
        return Observation(Seen.DESIRED, text, {"written": "yes"}, {"incident": quoted(found.get("id"))})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Make the one change; what it needs to know is read before."""
        if call.action == "component_status":
            return self._set(access, call, sending)
        if call.action == "create":
            return self._create(access, call, sending)
        incident = beforehand(lambda: incident_called(access, call.parameters["incident"]))
        if incident is None or not isinstance(incident.get("id"), str):
            text = f"The status page has no incident “{quoted(call.parameters['incident'])}”. Nothing was sent."
            return refused(text, needs_operator=True)
        return self._write(access, call, sending, incident)

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that gives the component its former status again."""
        before = baseline.identity.get("status")
        if call.action != "component_status" or before not in COMPONENT_STATES or before == call.parameters["status"]:
            return None
        return Call("component_status", {**call.parameters, "status": before})

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what undoing a rollback does not take back."""
        return ("What the status page told its subscribers has been told.",)

    def link(self, access: Access, call: Call) -> str:
        """Return the page's management."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        return f"https://manage.statuspage.io{page_path(access).removeprefix('/v1')}/incidents"

    def _create(self, access: Access, call: Call, sending: Sending) -> Outcome:
        given = call.parameters
        body: dict[str, Any] = {
            "name": given["name"],
            "status": given.get("status") or "investigating",
            **_texts(access, call),
            "metadata": with_mark({}, sending.marker, "create"),
        }
        if given.get("impact"):
            body["impact_override"] = given["impact"]
        if body.get("components"):
            body["component_ids"] = list(body["components"])
        answer = API.change(access, sending, "POST", f"{page_path(access)}/incidents", body={"incident": body})
        name = quoted(given["name"])
        wanted = {"name": given["name"], "status": body["status"]}
        return judging.incident(
            answer, said(access, answer), f"open the incident “{name}”", f"Statuspage opened “{name}”.", wanted
        )

    def _write(self, access: Access, call: Call, sending: Sending, incident: dict[str, Any]) -> Outcome:
        body, name = _texts(access, call), quoted(incident.get("name"))
        if call.action == "resolve":
            doing, done = f"resolve “{name}”", f"Statuspage shows “{name}” as resolved."
            body["status"] = "resolved"
            # Whether resolving sets the components back by itself is not documented: so it is said.
            body["components"] = {str(dig(one, "id")): "operational" for one in incident.get("components") or []}
        else:
            doing, done = f"update “{name}”", f"Statuspage added the update to “{name}”."
            body["metadata"] = with_mark(incident, sending.marker, "update")
            if call.parameters.get("status"):
                body["status"] = call.parameters["status"]
        path = f"{page_path(access)}/incidents/{incident['id']}"
        answer = API.change(access, sending, "PATCH", path, body={"incident": body})
        wanted = {"id": incident["id"], **{key: value for key, value in body.items() if key == "status"}}
        return judging.incident(answer, said(access, answer), doing, done, wanted)

    def _set(self, access: Access, call: Call, sending: Sending) -> Outcome:
        found = beforehand(lambda: component(access, call.parameters["component"]))
        state = call.parameters["status"]
        path = f"{page_path(access)}/components/{found['id']}"
        answer = API.change(access, sending, "PATCH", path, body={"component": {"status": state}})
        return judging.component(answer, said(access, answer), found["id"], quoted(found.get("name")), state)


def _texts(access: Access, call: Call) -> dict[str, Any]:
    given = call.parameters
    body: dict[str, Any] = {"body": given["body"], "deliver_notifications": given.get("notify") is not False}
    if states := beforehand(lambda: component_ids(access, given.get("components") or {})):
        body["components"] = states
    return body


def _component(access: Access, call: Call) -> Observation:
    found = component(access, call.parameters["component"])
    state = found.get("status")
    if not isinstance(state, str):
        return Observation(Seen.UNREADABLE, "Statuspage does not tell the component's status.")
    seen = Seen.DESIRED if state == call.parameters["status"] else Seen.OTHER
    return Observation(seen, f"{quoted(found.get('name'))} is {judging.words(state)}.", {"status": state})


def _resolved(access: Access, call: Call) -> Observation:
    found = incident_called(access, call.parameters["incident"])
    if found is None:
        text = f"The status page has no incident “{quoted(call.parameters['incident'])}” yet."
        return Observation(Seen.OTHER, text, {"resolved": "no"})
    state = found.get("status")
    if not isinstance(state, str):
        return Observation(Seen.UNREADABLE, "Statuspage does not tell the incident's status.")
    ended = state in ENDED
    text = f"“{quoted(found.get('name'))}” is {judging.words(state)}."
    return Observation(Seen.DESIRED if ended else Seen.OTHER, text, {"resolved": "yes" if ended else "no"})
