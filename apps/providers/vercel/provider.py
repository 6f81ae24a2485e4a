"""Vercel: point production at another deployment, switch one address, build again, back or forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.providers.base import (
    Access,
    Call,
    CheckResult,
    Field,
    Finding,
    Observation,
    Outcome,
    Provider,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.hooks import WEBHOOK_SECRET, Hook
from apps.providers.hosting import HostedDeployment, Live, Pinned
from apps.providers.variables import Variable
from apps.providers.vercel import (
    actions,
    checking,
    comparing,
    listing,
    maintaining,
    moving,
    pausing,
    reading,
    rebuilding,
    restoring,
    switching,
    variables,
)
from apps.providers.vercel.ways import Way
from apps.providers.vercel.wire import API

PAGES = {
    actions.PUT_VARIABLE_BACK.name: "settings/environment-variables",
    actions.MAINTENANCE_ON.name: "cdn",
    actions.MAINTENANCE_OFF.name: "cdn",
    actions.PAUSE.name: "settings",
    actions.UNPAUSE.name: "settings",
}
WAYS: Mapping[str, Way] = {
    actions.ROLLBACK.name: moving.WAY,
    actions.PROMOTE.name: moving.WAY,
    actions.SWITCH_ALIAS.name: switching.WAY,
    actions.REDEPLOY.name: rebuilding.WAY,
    actions.PUT_VARIABLE_BACK.name: restoring.WAY,
    actions.MAINTENANCE_ON.name: maintaining.WAY,
    actions.MAINTENANCE_OFF.name: maintaining.WAY,
    actions.PAUSE.name: pausing.WAY,
    actions.UNPAUSE.name: pausing.WAY,
}


class Vercel(Provider):
    """Vercel projects. Implements `Hosting` and `Variables`."""

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
    actions = actions.ACTIONS
    checks = (comparing.VARIABLES_UNCHANGED,)
    roles = ("hosting",)
    support = "https://vercel.com/help"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse a maintenance page that is no page, besides what every provider checks."""
        found = super().problems(call)
        if not found and call.action == actions.MAINTENANCE_ON.name and (text := maintaining.problem(call)):
            return (text,)
        return found

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look at everything that could stop a rollback; change nothing."""
        return checking.findings(access)

    def deployments(self, access: Access) -> Sequence[HostedDeployment]:
        """Return the production deployments that were built, newest first. Raises ProviderError."""
        return listing.deployments(access)

    def live(self, access: Access) -> Live:
        """Return what production serves now. Raises ProviderError."""
        return reading.production(access).live

    def pinned(self, access: Access) -> Pinned | None:
        """Return how production is pinned to an older release, or None. Raises ProviderError."""
        return reading.production(access).pinned

    def variables(self, access: Access, key: bytes, deployment: str = "") -> Sequence[Variable]:
        """Return production's variables now, or those of a deployment, by name. Raises ProviderError."""
        return variables.snapshot(access, key, deployment)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Read what the call is about."""
        return WAYS[call.action].observe(access, call, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Ask Vercel for it; its yes means accepted, not yet done."""
        return WAYS[call.action].apply(access, call, sending)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the effect is seen, with a reading for each address or thing that has to change."""
        return WAYS[call.action].verify(access, call, self.observe(access, call, sending))

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Say whether the environment variables are those of a deployment."""
        return comparing.examine(access, call)

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that puts the baseline back."""
        return WAYS[call.action].inverse(call, baseline)

    def link(self, access: Access, call: Call) -> str:
        """Return Vercel's page about it; Vercel asks which project, since its pages go by names and not by ids."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        return f"https://vercel.com/d?to=%2F%5Bteam%5D%2F%5Bproject%5D%2F{PAGES.get(call.action, 'deployments')}"

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what the call does not bring back."""
        return WAYS[call.action].stays(call)
