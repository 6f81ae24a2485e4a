"""PostHog: how many people are active, what they meet, a mark in its charts, and its feature flags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

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
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.posthog import checking, flags, judging, measuring
from apps.providers.posthog.wire import API, listed, project_path

LONGEST_TEXT = 340  # an annotation has room for 400 characters in older versions, and the marker needs some
ANNOTATION = Action(
    name="annotation",
    title="Mark a moment in the charts",
    parameters=(
        Parameter("text", "Text", help=f"At most {LONGEST_TEXT} characters."),
        Parameter("time", "Time", kind="time", required=False, help="Now when empty."),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Delete the annotation in PostHog.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=1,
)
CHECKS = {
    Check("active_users", "Active people", (), "people", 60): measuring.active_users,
    Check("events", "Events", (Parameter("event", "Event", help="Its name."),), "events", 60): measuring.events,
    Check("failed_sessions", "Sessions with an exception", (), "%", 60): measuring.failed_sessions,
    Check(
        "web_vital_p95",
        "p95 of a web vital",
        (Parameter("vital", "Web vital", kind="choice", required=False, choices=measuring.VITAL_NAMES),),
        "ms",
        60,
    ): measuring.web_vital_p95,
}


class PostHog(Provider):
    """One PostHog project."""

    slug = "posthog"
    name = "PostHog"
    default_base_url = API.default_base_url
    settings = (
        Field("project_id", "Project id", help="The number in the address of the project's pages."),
        Field("host", "Host", required=False, help="Only events of this host.", placeholder="app.example.com"),
    )
    credentials = (
        Field("api_key", "Personal API key", help="phx_…, with query:read; the README names the scopes of actions."),
    )
    actions = (ANNOTATION, flags.FLAGS_OFF, flags.FLAGS_ON)
    checks = tuple(CHECKS)
    roles = ("metrics", "flags")
    support = "https://posthog.com/docs/support-options"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a text that PostHog may not have room for, besides what every provider checks."""
        found = super().problems(call)
        if not found and len(call.parameters.get("text", "")) > LONGEST_TEXT:
            return (f"The text is longer than {LONGEST_TEXT} characters.",)
        return found

    def check(self, access: Access) -> list[Finding]:
        """Ask a query and look at the annotations; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Measure."""
        check = self.declared_check(call.action)
        return CHECKS[check](check, access, call.parameters)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the annotation with our marker is there, or which of the flags are on."""
        if call.action in flags.SWITCHES:
            return flags.observed(access, call)
        if not sending:
            return Observation(Seen.OTHER, "Nothing has been sent to PostHog yet.", {"sent": "no"})
        query = {"search": sending.marker}
        for one in listed(access, f"{project_path(access)}/annotations/", query, "The annotations"):
            if sending.marker in str(dig(one, "content")) and not dig(one, "deleted"):
                return Observation(Seen.DESIRED, "The annotation is in PostHog.", {"sent": "yes"})
        return Observation(Seen.OTHER, "No annotation carries our marker.", {"sent": "no"})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Write the annotation, or switch the one flag of this part."""
        if call.action in flags.SWITCHES:
            return flags.switched(access, call, sending)
        content = f"{call.parameters['text']} [{sending.marker}]"
        body = {
            "content": content,
            "date_marker": call.parameters.get("time") or datetime.now(UTC).isoformat(timespec="seconds"),
            "scope": "project",
        }
        answer = API.change(access, sending, "POST", f"{project_path(access)}/annotations/", body=body)
        return judging.annotation(answer, API.said(access, answer), content)

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that puts back the flags that this one changes."""
        return flags.inverse_of(call, baseline) if call.action in flags.SWITCHES else None

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what PostHog keeps, and where a flag's old value lasts."""
        if call.action in flags.SWITCHES:
            return ("Applications keep a flag's last value until they ask PostHog again.",)
        return ("Annotations stay in PostHog until somebody deletes them.",)

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the annotations or of the flags."""
        page = "feature_flags" if call.action in flags.SWITCHES else "data-management/annotations"
        if access.base_url not in ("", self.default_base_url):
            return ""
        return f"{self.default_base_url}/project/{access.settings.get('project_id', '')}/{page}"
