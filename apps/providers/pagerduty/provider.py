"""PagerDuty: page people, move incidents, write on them, tell their stakeholders, call more people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from apps.providers.base import (
    Access,
    Call,
    Field,
    Finding,
    Observation,
    Outcome,
    Proof,
    Provider,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.pagerduty import checking, moving, paging, telling
from apps.providers.pagerduty.actions import (
    ACKNOWLEDGE,
    ACTIONS,
    LONGEST_SUMMARY,
    NOTE,
    REQUEST_RESPONDERS,
    RESOLVE,
    STATUS_UPDATE,
    TRIGGER,
)
from apps.providers.pagerduty.wire import REST


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
            help="For all but paging by routing key, and to look whether a page arrived.",
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
    actions = ACTIONS
    roles = ("paging",)
    support = "https://support.pagerduty.com"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what PagerDuty would not take, besides what every provider checks."""
        if found := super().problems(call):
            return found
        if len(call.parameters.get("summary") or "") > LONGEST_SUMMARY:
            return (f"The summary is longer than {LONGEST_SUMMARY} characters.",)
        if len(call.parameters.get("key") or "") > paging.LONGEST_KEY:
            return (f"The key is longer than {paging.LONGEST_KEY} characters.",)
        judge = {
            ACKNOWLEDGE.name: moving.problem,
            RESOLVE.name: moving.problem,
            REQUEST_RESPONDERS.name: telling.problem,
        }
        return tuple(filter(None, (judge[call.action](call),))) if call.action in judge else ()

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look for the user and the service; page nobody."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the incident has the wanted status, or whether what we send is there."""
        if call.action in moving.WANTED:
            return moving.observation(access, call)
        if call.action == STATUS_UPDATE.name:
            return Observation(Seen.UNREADABLE, telling.NOWHERE)
        if not sending:
            return Observation(Seen.OTHER, "Nothing has been sent to PagerDuty yet.", {"sent": "no"})
        if call.action == TRIGGER.name:
            return paging.observation(access, call, sending)
        return telling.observation(access, call, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Send the one request of the action."""
        deed: dict[str, Callable[[Access, Call, Sending], Outcome]] = {
            TRIGGER.name: paging.page,
            NOTE.name: telling.note,
            ACKNOWLEDGE.name: moving.move,
            RESOLVE.name: moving.move,
            STATUS_UPDATE.name: telling.status_update,
            REQUEST_RESPONDERS.name: telling.request_responders,
        }
        return deed[call.action](access, call, sending)

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
        return ("People who were paged or told have been; notes and moves stay in the incident's timeline.",)
