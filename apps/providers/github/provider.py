"""GitHub: branches, reverts, workflow runs, deployment statuses and freezes of one repository."""

from __future__ import annotations

from collections.abc import Sequence

from apps.providers.base import (
    Access,
    Airlock,
    Call,
    CheckResult,
    Field,
    Finding,
    Observation,
    Outcome,
    OutcomeKind,
    Provider,
    Seen,
    Sending,
    Verification,
)
from apps.providers.endings import ends_in_an_observation, ends_in_an_outcome
from apps.providers.examining import ends_in_a_check_result
from apps.providers.github import (
    branching,
    checking,
    deploying,
    following,
    freezing,
    offering,
    proving,
    pulling,
    resetting,
    running,
)
from apps.providers.github.deeds import Unready
from apps.providers.github.wire import API, name_problem, repository, sha_problem
from apps.providers.hooks import WEBHOOK_SECRET, Hook

DEEDS = {
    "create_branch": branching.FROM,
    "revert_pull_request": pulling.REVERTED,
    "restore_branch": branching.RESTORED,
    "open_pull_request": pulling.OPENED,
    "merge_pull_request": pulling.MERGED,
    "keep_branch": branching.KEEP,
    "reset_branch": resetting.RESET,
    "dispatch_workflow": running.DISPATCHED,
    "dispatch_unmarked": following.UNMARKED,
    "deployment_status": deploying.STATUS,
    "freeze": freezing.FROZEN,
    "lift_freeze": freezing.LIFTED,
}
NAMES = ("branch", "source", "ref")
MOST_INPUTS = 25


class GitHub(Provider):
    """One repository at GitHub, or at a GitHub Enterprise Server."""

    slug = "github"
    name = "GitHub"
    default_base_url = API.default_base_url
    settings = (
        Field("repository", "Repository", help="Owner and name.", placeholder="acme/portal"),
        Field("branch", "Branch", required=False, help="That production is built from; the default one when empty."),
        Field(
            "app_id",
            "App id",
            required=False,
            help="Of the GitHub App whose token this is: it may still push while a branch is frozen.",
            kind="number",
        ),
    )
    credentials = (
        Field("token", "Token", help="Contents, pull requests, actions, deployments, administration: read and write."),
        WEBHOOK_SECRET,
    )
    # X-GitHub-Delivery is not signed and the body has no id: a delivery is known by its bytes.
    hook = Hook("X-Hub-Signature-256", "sha256", (), (), prefix="sha256=", event_header="X-GitHub-Event")
    actions = offering.ACTIONS
    checks = proving.CHECKS
    roles = ("code",)
    support = "https://support.github.com"

    def problems(self, call: Call) -> Sequence[str]:
        """Refuse names and numbers that GitHub cannot have, besides what every provider checks."""
        found = list(super().problems(call))
        if found:
            return found
        given = {name: value for name, value in call.parameters.items() if value not in (None, "")}
        found += [text for name in NAMES if name in given and (text := name_problem(given[name]))]
        if "commit" in given:
            wrong = sha_problem(given["commit"])
            found += [wrong] if wrong and (call.action == "deployment_status" or name_problem(given["commit"])) else []
        for name in ("pull_request", "reverts"):
            if name in given and (given[name] != int(given[name]) or given[name] < 1):
                found.append(f"“{name}” must be the number of a pull request.")
        if call.action == "merge_pull_request" and len({"pull_request", "branch", "reverts"} & set(given)) != 1:
            found.append("Name the pull request in exactly one way: “pull_request”, “branch” or “reverts”.")
        inputs = given.get("inputs", {})
        if not isinstance(inputs, dict) or len(inputs) >= MOST_INPUTS:
            found.append("“inputs” must be an object with at most 24 names.")
        return found

    def check(self, access: Access) -> list[Finding]:
        """Sign in and look for every right, rule and limit; change nothing."""
        return checking.findings(access)

    @ends_in_an_observation
    def observe(self, access: Access, call: Call, sending: Sending | None = None) -> Observation:
        """Say how that stands which the action is about."""
        return DEEDS[call.action].observe(access, call, sending)

    @ends_in_an_outcome
    def apply(self, access: Access, call: Call, sending: Sending) -> Outcome:
        """Read what is needed, then send the one request (two for “restore_branch”)."""
        try:
            return DEEDS[call.action].apply(access, call, sending)
        except Unready as error:
            return Outcome(OutcomeKind.RETRY_LATER, str(error), retryable=True)

    def verify(self, access: Access, call: Call, sending: Sending) -> Verification:
        """Say whether the effect is seen; a run that failed has failed for good."""
        seen = self.observe(access, call, sending)
        deed = DEEDS.get(call.action)
        if deed and deed.verify:
            return deed.verify(access, call, sending, seen)
        return super().verify(access, call, sending)

    @ends_in_a_check_result
    def examine(self, access: Access, call: Call) -> CheckResult:
        """Ask one of the checks."""
        return proving.examine(access, call.action, call.parameters)

    def airlock(self, access: Access, call: Call) -> Airlock | None:
        """Say which commits a forced reset loses and what forbids it."""
        return resetting.airlock(access, call) if call.action == "reset_branch" else None

    def inverse_of(self, call: Call, baseline: Observation) -> Call | None:
        """Return the call that lifts a freeze, or freezes again what was frozen."""
        inverse = self.action(call.action).inverse
        before = {"freeze": "free", "lift_freeze": "frozen"}.get(call.action, "")
        if not inverse or baseline.seen is not Seen.OTHER or baseline.identity.get("freeze") != before:
            return None
        return Call(inverse, dict(call.parameters))

    def what_stays(self, call: Call) -> Sequence[str]:
        """Say what an action at GitHub does not take back."""
        if call.action in ("reset_branch", "merge_pull_request"):
            return (
                "Databases: code that goes back does not take its migrations back.",
                "Copies of the repository: who has fetched the commits still has them.",
            )
        if call.action in ("dispatch_workflow", "dispatch_unmarked"):
            return ("What the workflow did stays when the rollback is undone.",)
        return ()

    def link(self, access: Access, call: Call) -> str:
        """Return the page of the repository that shows the change."""
        if access.base_url not in ("", self.default_base_url):
            return ""
        pages = {"dispatch": "/actions", "deployment": "/deployments", "freeze": "/settings/rules"}
        tail = next((page for word, page in pages.items() if word in call.action), "/branches")
        number = call.parameters.get("pull_request") or call.parameters.get("reverts")
        page = f"/pull/{number}" if number else "/pulls" if "pull_request" in call.action else tail
        return f"https://github.com{repository(access).removeprefix('/repos')}{page}"
