"""PagerDuty: page the people on call (trigger), and write into the timeline of an incident (note)."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Action,
    Call,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    ProviderError,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome, refused, unknown
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.pagerduty import checking, judging
from apps.providers.pagerduty.wire import (
    EVENTS,
    REST,
    events_access,
    has,
    incident_path,
    incident_with_key,
    note_with,
)

LONGEST_SUMMARY = 1024
TRIGGER = Action(
    name="trigger",
    title="Page the people on call",
    parameters=(Parameter("summary", "Summary", help="At most 1024 characters."),),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.KEYED,
    undo="Resolve the incident in PagerDuty; people have been paged.",
    usual_seconds=2,
    gives_up_seconds=60,
    settle_seconds=2,
)
NOTE = Action(
    name="note",
    title="Add a note to an incident",
    parameters=(
        Parameter("incident", "Incident", help="PagerDuty's id or number of the incident."),
        Parameter("content", "Text"),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Delete the note in PagerDuty.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=2,
)


class PagerDuty(Provider):
    """One PagerDuty account."""

    slug = "pagerduty"
    name = "PagerDuty"
    default_base_url = REST.default_base_url
    settings = (
        Field(
            "service_id",
            "Service id",
            required=False,
            help="Needed to page with an API token.",
            placeholder="P…",
        ),
        Field(
            "from_email",
            "From",
            kind="email",
            help="A PagerDuty user's e-mail address; notes carry that name.",
        ),
    )
    credentials = (
        Field(
            "api_token",
            "API token",
            required=False,
            help="Needed for notes and to look whether a page arrived.",
        ),
        Field(
            "routing_key",
            "Routing key",
            required=False,
            help="Of an Events API v2 integration; enough to page.",
        ),
        WEBHOOK_SECRET,
    )
    # Its header X-Webhook-Id is not signed, so whoever replays a body could give it another one: the body's id counts.
    hook = Hook("X-PagerDuty-Signature", "sha256", ("event", "id"), ("event", "event_type"), prefix="v1=")
    actions = (TRIGGER, NOTE)
    roles = ("paging",)
    support = "https://support.pagerduty.com"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a summary that PagerDuty would not take, besides what every provider checks."""
        found = super().problems(call)
        if not found and len(call.parameters.get("summary", "")) > LONGEST_SUMMARY:
            return (f"The summary is longer than {LONGEST_SUMMARY} characters.",)
        return found

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look for the user and the service; page nobody."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the incident with our key, or the note with our marker, is there."""
        if not sending:
            return Observation(Seen.OTHER, "Nothing has been sent to PagerDuty yet.", {"sent": "no"})
        if call.action == "note":
            found = note_with(access, call.parameters["incident"], sending.marker)
            if found:
                return Observation(Seen.DESIRED, "The note is on the incident.", {"sent": "yes"})
            return Observation(Seen.OTHER, "No note with our marker is on the incident.", {"sent": "no"})
        if not has(access, "api_token"):
            text = "Without an API token the portal cannot see whether PagerDuty made an incident."
            return Observation(Seen.UNREADABLE, f"{text} Sending again is harmless: the key is the same.")
        found = incident_with_key(access, key_of(sending))
        if not found:
            return Observation(Seen.OTHER, "PagerDuty shows no incident with our key.", {"sent": "no"})
        readings = {"incident": dig(found, "id"), "status": dig(found, "status")}
        return Observation(Seen.DESIRED, "The incident is there.", {"sent": "yes"}, readings)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Page, or write the note."""
        if call.action == "note":
            content = f"{call.parameters['content']}\n\n[{sending.marker}]"
            path = f"{incident_path(call.parameters['incident'])}/notes"
            answer = REST.change(access, sending, "POST", path, body={"note": {"content": content}})
            return judging.note(answer, REST.said(access, answer), call.parameters["incident"])
        if has(access, "routing_key"):
            return self._event(access, call, sending)
        if not access.settings.get("service_id"):
            return refused("Paging needs a routing key, or an API token and a service id. Nothing was sent.")
        return self._incident(access, call, sending)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the incident or the note is there; where nobody can look, the receipt has to do."""
        seen = self.observe(access, call, sending)
        if seen.seen is Seen.DESIRED:
            return Verification(Proof.SATISFIED, seen.summary, (("done", seen.summary),))
        if seen.seen is Seen.UNREADABLE:
            text = f"PagerDuty confirmed it. It could not be read back: {seen.summary}"
            return Verification(Proof.SATISFIED, text, (("done", text),))
        return Verification(Proof.NOT_YET, seen.summary, (("running", seen.summary),))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what undoing a rollback does not take back."""
        return ("People who were paged have been paged; notes stay on the incident.",)

    def _event(self, access: Access, call: Call, sending: Sending) -> Outcome:
        payload = {"summary": call.parameters["summary"], "source": "rollback-portal", "severity": "critical"}
        body = {
            "routing_key": access.credentials["routing_key"],
            "event_action": "trigger",
            "dedup_key": key_of(sending),
            "client": "Rollback Portal",
            "payload": {**payload, "custom_details": {"reason": sending.reason}},
        }
        there = events_access(access)
        answer = EVENTS.change(there, sending, "POST", "/v2/enqueue", body=body)
        return judging.event(answer, EVENTS.said(there, answer), key_of(sending))

    def _incident(self, access: Access, call: Call, sending: Sending) -> Outcome:
        body = {
            "incident": {
                "type": "incident",
                "title": call.parameters["summary"],
                "service": {"id": access.settings["service_id"], "type": "service_reference"},
                "incident_key": key_of(sending),
                "body": {"type": "incident_body", "details": sending.reason},
            }
        }
        answer = REST.change(access, sending, "POST", "/incidents", body=body)
        try:
            # 400 is also what a second request with our own key gets: the incident is there.
            there = incident_with_key(access, key_of(sending)) if answer.status == 400 else None
        except ProviderError as error:
            return unknown(f"PagerDuty answered 400, and whether our incident is there is not known: {error}", answer)
        return judging.incident(answer, REST.said(access, answer), key_of(sending), there)


def key_of(sending: Sending) -> str:
    """Return the key by which PagerDuty recognises all attempts of a step; at most 255 characters."""
    return f"rollback-portal-{sending.idempotency_key}"[:255]
