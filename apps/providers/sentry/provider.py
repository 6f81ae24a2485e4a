"""Sentry: how many errors, failures and crashes there are, and a record of releases and deploys."""

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
from apps.providers.calling import Denied
from apps.providers.endings import dig, ends_in_an_observation, ends_in_an_outcome, quoted
from apps.providers.examining import ends_in_a_check_result
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.sentry import checking, counting, health, judging, tracing
from apps.providers.sentry.wire import API, ask, listed, organisation_path, project, release_path, version_problem

LONGEST_ENVIRONMENT = 64
LONGEST_NAME = 64
VERSION = Parameter("version", "Release", help="As the application reports it, such as shop@2.31.0.")
ENVIRONMENT = Parameter("environment", "Environment", required=False, help="The connection's own when empty.")
QUERY = Parameter("query", "Search", required=False, help="In Sentry's words, such as release:shop@2.31.0.")
RELEASE = Action(
    name="release",
    title="Create a release",
    parameters=(VERSION, Parameter("commit", "Commit", required=False)),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Delete the release in Sentry while no event names it.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=1,
)
DEPLOY = Action(
    name="deploy",
    title="Record a deploy of a release",
    parameters=(VERSION, ENVIRONMENT),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.FINDABLE,
    undo="Nothing: Sentry keeps the deploy; record another one of the release that is live then.",
    usual_seconds=1,
    gives_up_seconds=30,
    settle_seconds=2,
)
CHECKS = {
    Check("error_events", "Errors", (ENVIRONMENT, QUERY), "events", 60): counting.errors,
    Check("error_rate", "Failed requests", (ENVIRONMENT, QUERY), "%", 60): tracing.failed_share,
    Check("latency_p95", "p95 of requests", (ENVIRONMENT, QUERY), "ms", 60): tracing.p95,
    Check(
        "crash_free_sessions",
        "Sessions without a crash",
        (ENVIRONMENT, Parameter("release", "Release", required=False)),
        "%",
        3600,
    ): health.crash_free,
}


class Sentry(Provider):
    """One project of a Sentry organization."""

    slug = "sentry"
    name = "Sentry"
    default_base_url = API.default_base_url
    settings = (
        Field("organization", "Organization", help="Its slug, as in the address of its pages."),
        Field("project", "Project", help="Its slug."),
        Field("environment", "Environment", required=False, placeholder="production"),
    )
    credentials = (
        Field("token", "Token", help="Of an internal integration, with org:read and project:releases."),
        WEBHOOK_SECRET,
    )
    # The header Request-ID is not signed, so whoever replays a body could give it another one: its bytes count.
    hook = Hook("Sentry-Hook-Signature", "sha256", (), (), event_header="Sentry-Hook-Resource")
    actions = (RELEASE, DEPLOY)
    checks = tuple(CHECKS)
    roles = ("errors",)
    support = "https://sentry.io/support"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what Sentry would not take as a version or environment, besides what every provider checks."""
        if found := super().problems(call):
            return found
        if problem := version_problem(call.parameters["version"]):
            return (problem,)
        if len(call.parameters.get("environment") or "") > LONGEST_ENVIRONMENT:
            return (f"An environment has at most {LONGEST_ENVIRONMENT} characters.",)
        return ()

    def check(self, access: Access) -> list[Finding]:
        """Sign in, look for organization and project, and ask for the rights; change nothing."""
        return checking.findings(access)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Measure."""
        check = self.declared_check(call.action)
        return CHECKS[check](check, access, call.parameters)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say whether the release, or the deploy with our marker, is there."""
        version = call.parameters["version"]
        if call.action == "deploy":
            return self._deploy_seen(access, version, sending)
        projects = _projects_of(access, version)
        if project(access) in projects:
            return Observation(Seen.DESIRED, f"The release {quoted(version)} is there.", {"release": "there"})
        text = f"Sentry has no release {quoted(version)} of this project yet."
        return Observation(Seen.OTHER, text, {"release": "missing"})

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Create the release, or record the deploy."""
        version = call.parameters["version"]
        if call.action == "deploy":
            environment = _environment(access, call)
            body = {"environment": environment, "name": sending.marker[:LONGEST_NAME], "projects": [project(access)]}
            answer = API.change(access, sending, "POST", f"{release_path(access, version)}deploys/", body=body)
            return judging.deploy(answer, API.said(access, answer), version, environment)
        body = {"version": version, "projects": [project(access)]}
        if commit := call.parameters.get("commit"):
            body["ref"] = commit
        answer = API.change(access, sending, "POST", f"{organisation_path(access)}/releases/", body=body)
        return judging.release(answer, API.said(access, answer), version)

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what Sentry keeps."""
        return ("Sentry keeps releases, deploys and events; a deploy that was recorded stays in its history.",)

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the organization's releases."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        return f"https://sentry.io/organizations/{access.settings.get('organization', '')}/releases/"

    def _deploy_seen(self, access: Access, version: str, sending: Sending | None) -> Observation:
        if not sending:
            return Observation(Seen.OTHER, "Nothing has been sent to Sentry yet.", {"sent": "no"})
        name, path = sending.marker[:LONGEST_NAME], f"{release_path(access, version)}deploys/"
        try:
            there = any(dig(one, "name") == name for one in listed(access, path, f"The deploys of {quoted(version)}"))
        except Denied as error:
            return Observation(Seen.UNREADABLE, f"{error} Does the release exist?")
        if there:
            return Observation(Seen.DESIRED, "The deploy is in Sentry.", {"sent": "yes"})
        return Observation(Seen.OTHER, f"No deploy of {quoted(version)} carries our marker.", {"sent": "no"})


def _environment(access: Access, call: Call) -> str:
    return call.parameters.get("environment") or access.settings.get("environment") or "production"


def _projects_of(access: Access, version: str) -> list[str]:
    """Return the slugs of the projects that a release belongs to; none where there is no such release."""
    answer = API.read(access, release_path(access, version))
    if answer.status == 404:
        ask(access, f"{organisation_path(access)}/", what="The organization")  # it is the release that is missing
        return []
    if not answer.ok:
        raise API.unreadable(access, answer, f"The release {quoted(version)}")
    body = answer.json()
    if dig(body, "version") != version:
        raise Denied(f"Sentry answered with something that is not the release {quoted(version)}.")
    return [str(dig(one, "slug")) for one in dig(body, "projects") or []]
