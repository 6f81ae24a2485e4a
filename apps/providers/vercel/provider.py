"""Vercel: point production at another deployment that is already built, back or forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

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
    Provider,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.calling import segment
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.hosting import HostedDeployment, Live, Pinned
from apps.providers.vercel import checking, judging, reading
from apps.providers.vercel.reading import API

LONGEST_REASON = 250  # what Vercel keeps as the project's rollback description
ROLLBACK = Action(
    name="rollback",
    title="Roll production back",
    parameters=(Parameter("deployment", "Deployment", help="The id of a deployment that has served production."),),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Promote the deployment that was live before; new releases then go live by themselves again.",
    usual_seconds=5,
    gives_up_seconds=180,
    settle_seconds=3,
    inverse="promote",
    reversibility=Reversibility.AUTOMATIC,
    serves_traffic=True,
)
PROMOTE = replace(
    ROLLBACK,
    name="promote",
    title="Put a deployment into production",
    parameters=(Parameter("deployment", "Deployment", help="The id of a production deployment."),),
    undo="Roll production back to the deployment that was live before.",
    inverse="rollback",
    reversibility=Reversibility.AUTOMATIC,
)


class Vercel(Provider):
    """Vercel projects. Implements `Hosting`."""

    slug = "vercel"
    name = "Vercel"
    default_base_url = API.default_base_url
    settings = (
        Field(
            "project_id",
            "Project id",
            help="From the project's settings; begins with prj_.",
            placeholder="prj_…",
        ),
        Field("team_id", "Team id", required=False, help="Empty for a personal account.", placeholder="team_…"),
    )
    credentials = (
        Field("token", "Access token", help="Its role needs “Full Production Deployment”."),
        WEBHOOK_SECRET,
    )
    hook = Hook("x-vercel-signature", "sha1", identity=("id",), event=("type",))
    actions = (ROLLBACK, PROMOTE)
    roles = ("hosting",)
    support = "https://vercel.com/help"

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look at everything that could stop a rollback; change nothing."""
        return checking.findings(access)

    def deployments(self, access: Access) -> Sequence[HostedDeployment]:
        """Return the production deployments that were built, newest first. Raises ProviderError."""
        return reading.deployments(access)

    def live(self, access: Access) -> Live:
        """Return what production serves now. Raises ProviderError."""
        return reading.production(access).live

    def pinned(self, access: Access) -> Pinned | None:
        """Return how production is pinned to an older release, or None. Raises ProviderError."""
        return reading.pinned(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say which deployment production serves, and whether Vercel is moving it just now."""
        now, wanted = reading.production(access), call.parameters["deployment"]
        readings = dict(now.live.addresses) or {"production": now.live.reference}
        if not now.live.reference and not now.live.addresses:
            return Observation(Seen.UNREADABLE, "Vercel does not say which deployment is live.")
        if target := now.live.moving_to:
            readings["moving to"] = target
            return Observation(
                Seen.OTHER,
                f"Vercel is moving production to {target} just now.",
                {"live": f"moving to {target}"},
                readings,
                datetime.now(UTC),
                under_way=target == wanted,
            )
        served = now.live.reference or f"mixed: {', '.join(sorted(set(now.live.addresses.values())))}"
        seen = Seen.DESIRED if served == wanted else Seen.OTHER
        summary = f"Production serves {served} (according to {now.live.source})."
        moving = not now.live.reference and now.brings(wanted)
        return Observation(seen, summary, {"live": served}, readings, datetime.now(UTC), under_way=moving)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Ask Vercel to move production; its yes means accepted, not yet moved."""
        project, target = (
            reading.project_path(access),
            segment(call.parameters["deployment"], "a deployment id"),
        )
        if call.action == "rollback":
            query = {"description": sending.reason[:LONGEST_REASON], **reading.scope(access)}
            answer = API.change(access, sending, "POST", f"/v1/projects/{project}/rollback/{target}", query)
        else:
            path = f"/v10/projects/{project}/promote/{target}"
            answer = API.change(access, sending, "POST", path, reading.scope(access), body={})
        return judging.outcome(answer, API.said(access, answer), call)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether every production address is on the wanted deployment; each address is a reading."""
        return judging.verification(access, call, self.observe(access, call, sending))

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that makes the deployment of the baseline live again."""
        before = str(baseline.identity.get("live", ""))
        if not before or " " in before or before == call.parameters.get("deployment"):
            return None
        return Call(self.action(call.action).inverse, {"deployment": before})

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what moving production does not bring back."""
        stays = [
            "Environment variables: the deployment keeps those it was built with.",
            "Databases, queues and files: Vercel moves only addresses.",
        ]
        if call.action == "rollback":
            stays.append("New releases: Vercel no longer makes them live by itself until somebody promotes one.")
            stays.append("Cron jobs: they are those of the deployment that goes live.")
        return tuple(stays)
