"""Convex: deploy a known commit through its pipeline, keep and put back snapshots, ask its functions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from apps.providers.base import (
    Access,
    Action,
    Airlock,
    Call,
    Check,
    CheckResult,
    Field,
    Finding,
    IdempotencyClass,
    Observation,
    Outcome,
    Parameter,
    Proof,
    Provider,
    ProviderError,
    Reversibility,
    Risk,
    Seen,
    Sending,
    Verification,
)
from apps.providers.convex import asking, checking, deploying, importing, snapshots
from apps.providers.convex.wire import moment_of
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome, quoted
from apps.providers.examining import ends_in_a_check_result

LOOKING_SECONDS = 10.0
REDEPLOY = Action(
    name="redeploy",
    title="Deploy a known commit again",
    parameters=(Parameter("commit", "Commit", help="7 to 40 hex digits."),),
    risk=Risk.DISRUPTIVE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="Deploy the newer commit again. Data and environment variables stay as they are.",
    usual_seconds=180,
    gives_up_seconds=1200,
    settle_seconds=90,
    changes_release=True,
)
EXPORT = Action(
    name="export_snapshot",
    title="Keep a snapshot of the data",
    parameters=(
        Parameter("max_age_minutes", "At most so many minutes old", kind="number", required=False, help="15"),
        Parameter("include_storage", "With files", kind="yes_no", required=False),
    ),
    risk=Risk.SAFE,
    idempotency_class=IdempotencyClass.ABSOLUTE,
    undo="A snapshot harms nothing; it expires by itself.",
    usual_seconds=60,
    gives_up_seconds=1800,
    settle_seconds=5,
)
IMPORT = Action(
    name="import_snapshot",
    title="Put a snapshot of the data back",
    parameters=(
        Parameter("snapshot", "Snapshot", help="Its number, as “export_snapshot” and the preflight tell it."),
        Parameter(
            "mode", "Tables that the snapshot lacks", kind="choice", required=False, choices=("replace", "replaceAll"),
            help="replace keeps them (usual), replaceAll empties them.",
        ),
    ),
    risk=Risk.DESTRUCTIVE,
    idempotency_class=IdempotencyClass.UNREPEATABLE,
    undo="Put back the snapshot that was kept just before.",
    usual_seconds=120,
    gives_up_seconds=3600,
    settle_seconds=0,
    interruptible=False,
    reversibility=Reversibility.BY_HAND,
    lost="Everything that was written to Convex since the snapshot was taken.",
)  # fmt: skip
QUERY = Check(
    "query",
    "Ask a public query function",
    (
        Parameter("function", "Function", help="users:getUserByClerkId"),
        Parameter("args", "Arguments", kind="json", required=False),
        Parameter("equals", "Value it must give", kind="json", required=False),
        Parameter("contains", "Text in the value", required=False),
    ),
)
HEALTH = Check("health", "The deployment answers")


class Convex(Provider):
    """One Convex deployment."""

    slug = "convex"
    name = "Convex"
    settings = (
        Field("deployment", "Deployment", placeholder="happy-animal-123"),
        Field("version_query", "Query that tells the commit", required=False, placeholder="version:current"),
        Field("pipeline", "Pipeline", required=False, placeholder="owner/repository/deploy-convex.yml"),
        Field("pipeline_ref", "Branch of the pipeline", required=False, placeholder="main"),
    )
    credentials = (
        Field("deploy_key", "Deploy key", help="Of the production deployment: prod:…"),
        Field("pipeline_token", "GitHub token", required=False, help="May run workflows: Actions, read and write."),
    )
    actions = (REDEPLOY, EXPORT, IMPORT)
    checks = (QUERY, HEALTH)
    default_base_url = "https://<deployment>.convex.cloud"
    roles = ("backend", "database")
    support = "support@convex.dev"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse what does not name a commit or a snapshot."""
        if found := super().problems(call):
            return found
        given = call.parameters
        if call.action == REDEPLOY.name:
            return [text for text in (deploying.commit_problem(given["commit"]),) if text]
        if call.action == IMPORT.name and not given["snapshot"].isdecimal():
            return [f"“{quoted(given['snapshot'])}” is not a snapshot: its name has only digits."]
        if call.action == EXPORT.name and not 0 < given.get("max_age_minutes", 1) <= 1440:
            return ["“max_age_minutes” must be more than 0 and at most 1440."]
        return ()

    def check(self, access: Access) -> list[Finding]:
        """Sign in, name the deployment, look for snapshots, version and pipeline; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Ask which commit runs, or how old the newest snapshot is; an import leaves no mark of its own."""
        if call.action == REDEPLOY.name:
            return deploying.observed(access, call.parameters["commit"])
        if call.action == EXPORT.name:
            return snapshots.observed(access, _age(call))
        return Observation(Seen.UNREADABLE, "Which import is ours cannot be told: look at the imports in Convex.")

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Start the pipeline, request an export, or upload and confirm an import."""
        if call.action == REDEPLOY.name:
            return deploying.deploy(access, sending, call.parameters["commit"])
        if call.action == IMPORT.name:
            stamp, mode = int(call.parameters["snapshot"]), call.parameters.get("mode") or "replace"
            return importing.put_back(access, sending, stamp, mode)
        return snapshots.export(access, sending, include_storage=bool(call.parameters.get("include_storage")))

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Look again; an import is proven by the state of the newest one."""
        if call.action != IMPORT.name:
            return super().verify(access, call, sending)
        try:
            return snapshots.newest_import(access)
        except ProviderError as error:
            return Verification(Proof.NOT_YET, str(error))

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask a public function as anybody could, or whether the deployment answers."""
        return asking.function(access, call) if call.action == QUERY.name else asking.health(access)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Say since when everything is lost, and which snapshot brings it back."""
        if call.action != IMPORT.name:
            return None
        stamp = int(call.parameters["snapshot"])
        taken, refusals = moment_of(stamp), []
        try:
            importing.fetched(access, stamp, time.monotonic() + LOOKING_SECONDS, only_look=True)
        except importing.Stopped as stopped:
            refusals = [stopped.outcome.message]
        copy = (
            "A snapshot made by an earlier step (export_snapshot), at most an hour old; nothing is imported without it."
        )
        loses = f"Everything written to Convex since {taken:%Y-%m-%d %H:%M} UTC, in every table of the snapshot."
        return Airlock(loses, copy, lost_from=taken, lost_until=datetime.now(UTC), refusals=refusals)

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what each action leaves as it is."""
        if call.action == REDEPLOY.name:
            return ("Data, environment variables and scheduled functions stay as they are.",)
        if call.action == IMPORT.name:
            return ("Code, environment variables, scheduled functions and stored files stay as they are.",)
        return ()

    def link(self, access: Access, call: Call) -> str:
        """The deployment in Convex' dashboard."""
        return f"https://dashboard.convex.dev/d/{access.settings.get('deployment', '')}"


def _age(call: Call) -> float:
    return float(call.parameters.get("max_age_minutes") or snapshots.EXPORT_AGE_MINUTES)
