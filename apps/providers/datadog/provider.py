"""Datadog: the share of failed requests, their p95, a metric of one's own, and an event beside them."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Action,
    Call,
    Check,
    CheckResult,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Provider,
    Risk,
    Seen,
    Sending,
)
from apps.providers.datadog import checking, judging, measuring
from apps.providers.datadog.wire import API, events
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.hooks import WEBHOOK_SECRET, SharedSecretHook

LONGEST_TITLE, LONGEST_TEXT = 500, 3800  # of 4000 characters; the marker needs some
EVENT = Action(
    name="event",
    title="Post an event",
    parameters=(
        Parameter("title", "Title", help=f"At most {LONGEST_TITLE} characters."),
        Parameter("text", "Text", required=False, help="Markdown is not interpreted."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Nothing: the event stays in Datadog until it is too old.",
    usual_seconds=2,
    gives_up_seconds=60,
    settle_seconds=15,
)
QUERY = Parameter("query", "Metric query", help="With one series: avg:system.cpu.user{service:shop}.")
CHECKS = {
    Check("error_rate", "Failed requests", (), "%", 60): measuring.error_rate,
    Check("latency_p95", "p95 of requests in the slowest minute", (), "ms", 60): measuring.latency_p95,
    Check(
        "value",
        "Metric",
        (QUERY, Parameter("over", "Over the window", "choice", required=False, choices=tuple(measuring.OVER))),
        "units",
        60,
    ): measuring.value,
}


class Datadog(Provider):
    """One service in a Datadog organization."""

    slug = "datadog"
    name = "Datadog"
    default_base_url = API.default_base_url
    settings = (
        Field("service", "Service", required=False, help="As its traces are tagged."),
        Field("env", "Environment", required=False, placeholder="production"),
        Field("operation", "Operation", required=False, help="Of the traces.", placeholder=measuring.OPERATION),
    )
    credentials = (
        Field("api_key", "API key"),
        Field("app_key", "Application key", help="With timeseries_query and events_read."),
        WEBHOOK_SECRET,
    )
    # Nothing is signed, and the body is what somebody wrote into the template: a delivery is known by its bytes.
    hook = SharedSecretHook(event=("transition",))
    actions = (EVENT,)
    checks = tuple(CHECKS)
    roles = ("metrics",)
    support = "https://www.datadoghq.com/support/"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what Datadog has no room for, besides what every provider checks."""
        if found := super().problems(call):
            return found
        rooms = (("title", LONGEST_TITLE), ("text", LONGEST_TEXT))
        return [
            f"“{name}” is longer than {most} characters."
            for name, most in rooms
            if len(call.parameters.get(name) or "") > most
        ]

    def check(self, access: Access) -> list[Finding]:
        """Validate the key, read figures and events; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Measure."""
        check = self.declared_check(call.action)
        return CHECKS[check](check, access, call.parameters)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the event with our tag is there."""
        if not sending:
            return Observation(Seen.OTHER, "Nothing has been sent to Datadog yet.", {"sent": "no"})
        tag = sending.marker.lower()
        if any(tag in (dig(one, "tags") or []) for one in events(access, tag)):
            return Observation(Seen.DESIRED, "The event is in Datadog.", {"sent": "yes"})
        return Observation(Seen.OTHER, "Datadog shows no event with our tag.", {"sent": "no"})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Post the event."""
        tags = [sending.marker.lower()]  # Datadog keeps tags in lower case
        tags += [f"{name}:{access.settings[name]}" for name in ("service", "env") if access.settings.get(name)]
        body = {
            "title": call.parameters["title"],
            "text": call.parameters.get("text") or sending.reason,
            "tags": tags,
            "alert_type": "info",
            "source_type_name": "my_apps",
        }
        answer = API.change(access, sending, "POST", "/api/v1/events", body=body)
        return judging.event(answer, API.said(access, answer))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what Datadog keeps."""
        return ("Events stay in Datadog.",)
