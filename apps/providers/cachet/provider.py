"""Cachet: tell the public on a page of one's own. Open, update and resolve incidents, set components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps.providers.base import Access, Call, Field, Finding, Observation, Outcome, Provider, Seen, Sending
from apps.providers.cachet import checking, judging
from apps.providers.cachet.actions import COMPONENT_STATUS, CREATE, RESOLVE, UPDATE, misworded
from apps.providers.cachet.searching import incident_called, incident_with, name_of, update_with, with_mark
from apps.providers.cachet.wire import API, COMPONENT_STATES, INCIDENT_STATES, beforehand, component, state_of
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome, quoted, refused


class Cachet(Provider):
    """One Cachet of version 3."""

    slug = "cachet"
    name = "Cachet"
    default_base_url = API.default_base_url
    credentials = (
        Field("token", "API token", help="Abilities: incidents.manage, incident-updates.manage, components.manage."),
    )
    actions = (CREATE, UPDATE, RESOLVE, COMPONENT_STATUS)
    roles = ("status",)
    support = "https://github.com/cachethq/cachet/discussions"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what Cachet would not take, besides what every provider checks."""
        return super().problems(call) or misworded(call.parameters)

    def check(self, access: Access) -> list[Finding]:
        """Look for Cachet, its components and whether the token is known; change nothing."""
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
            incident = incident_called(access, call.parameters["incident"])
            found = update_with(access, incident, sending.marker) if incident else None
        if not found:
            return Observation(Seen.OTHER, "Nothing with our marker is on the status page.", {"written": "no"})
        text = "The incident is" if call.action == "create" else "The update is"
        return Observation(Seen.DESIRED, f"{text} on the status page.", {"written": "yes"}, {"id": quoted(found["id"])})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Make the one change; what it needs to know is read before."""
        if call.action == "component_status":
            return self._set(access, call, sending)
        if call.action == "create":
            return self._create(access, call, sending)
        incident = beforehand(lambda: incident_called(access, call.parameters["incident"]))
        if incident is None:
            text = f"The status page has no incident “{quoted(call.parameters['incident'])}”. Nothing was sent."
            return refused(text, needs_operator=True)
        return self._update(access, call, sending, incident)

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
        """Return the status page."""
        return access.base_url

    def _create(self, access: Access, call: Call, sending: Sending) -> Outcome:
        given = call.parameters
        state = INCIDENT_STATES[given.get("status") or "investigating"]
        body: dict[str, Any] = {
            "name": given["name"],
            "message": with_mark(given["body"], sending.marker),
            "status": state,
            "visible": True,  # left out it would be shown to people who are signed in only
            "notifications": given.get("notify") is not False,
        }
        if states := given.get("components"):
            body["components"] = beforehand(lambda: _parts(access, states))
        answer = API.change(access, sending, "POST", "/api/incidents", body=body)
        name = quoted(given["name"])
        doing, done = f"open the incident “{name}”", f"Cachet opened “{name}”."
        return judging.outcome(answer, API.said(access, answer), doing, done, {"name": given["name"], "status": state})

    def _update(self, access: Access, call: Call, sending: Sending, incident: dict[str, Any]) -> Outcome:
        name = quoted(name_of(incident))
        if call.action == "resolve":
            status, doing, done = "resolved", f"resolve “{name}”", f"Cachet shows “{name}” as resolved."
        else:
            status = call.parameters.get("status") or state_of(incident, INCIDENT_STATES) or "investigating"
            doing, done = f"update “{name}”", f"Cachet added the update to “{name}”."
        message = with_mark(call.parameters["body"], sending.marker)
        body: dict[str, Any] = {"status": INCIDENT_STATES[status], "message": message}
        answer = API.change(access, sending, "POST", f"/api/incidents/{incident['id']}/updates", body=body)
        return judging.outcome(answer, API.said(access, answer), doing, done, {"status": body["status"]})

    def _set(self, access: Access, call: Call, sending: Sending) -> Outcome:
        found = beforehand(lambda: component(access, call.parameters["component"]))
        name, state = quoted(name_of(found)), call.parameters["status"]
        body = {"status": COMPONENT_STATES[state]}
        answer = API.change(access, sending, "PUT", f"/api/components/{int(str(found['id']))}", body=body)
        doing, done = f"set {name} to {judging.words(state)}", f"Cachet shows {name} as {judging.words(state)}."
        return judging.outcome(
            answer, API.said(access, answer), doing, done, {"id": dig(found, "attributes", "id"), **body}
        )


def _parts(access: Access, states: Mapping[str, str]) -> list[dict[str, int]]:
    """Return the components of an incident as Cachet takes them. Raises ProviderError."""
    ids = {name: int(str(component(access, name)["id"])) for name in states}
    return [{"id": ids[name], "status": COMPONENT_STATES[state]} for name, state in states.items()]


def _component(access: Access, call: Call) -> Observation:
    found = component(access, call.parameters["component"])
    state = state_of(found, COMPONENT_STATES)
    if not state:
        return Observation(Seen.UNREADABLE, "Cachet does not tell the component's status.")
    seen = Seen.DESIRED if state == call.parameters["status"] else Seen.OTHER
    return Observation(seen, f"{quoted(name_of(found))} is {judging.words(state)}.", {"status": state})


def _resolved(access: Access, call: Call) -> Observation:
    found = incident_called(access, call.parameters["incident"])
    if found is None:
        text = f"The status page has no incident “{quoted(call.parameters['incident'])}” yet."
        return Observation(Seen.OTHER, text, {"resolved": "no"})
    state = state_of(found, INCIDENT_STATES)
    if not state:
        return Observation(Seen.UNREADABLE, "Cachet does not tell the incident's status.")
    ended = state == "resolved"
    text = f"“{quoted(name_of(found))}” is {judging.words(state)}."
    return Observation(Seen.DESIRED if ended else Seen.OTHER, text, {"resolved": "yes" if ended else "no"})
