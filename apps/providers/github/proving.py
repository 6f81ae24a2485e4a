"""Answer the checks: how a branch's workflow runs ended, what a commit's statuses say, how a deployment fares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, Check, CheckResult, Parameter, ProviderError
from apps.providers.calling import segment
from apps.providers.endings import dig, quoted
from apps.providers.github import deploying, reading
from apps.providers.github.running import GOOD
from apps.providers.github.wire import ask, listed

BRANCH = Parameter("branch", "Branch", required=False, help="The connection's branch when empty.")
COMMIT = Parameter("commit", "Commit", required=False, help="Its SHA: the newest one of the branch when empty.")
WORKFLOW_RUN = Check(
    "workflow_run",
    "A workflow run ended well",
    (Parameter("workflow", "Workflow", help="Its file name, such as deploy.yml."), BRANCH, COMMIT),
)
COMMIT_STATUS = Check("commit_status", "All checks of a commit passed", (BRANCH, COMMIT))
DEPLOYMENT = Check(
    "deployment",
    "A deployment succeeded",
    (
        Parameter("environment", "Environment", help="As GitHub calls it, such as production."),
        Parameter("commit", "Commit", required=False, help="Its SHA: whatever was deployed last when empty."),
    ),
)
CHECKS = (WORKFLOW_RUN, COMMIT_STATUS, DEPLOYMENT)


def examine(access: Access, name: str, given: Mapping[str, Any]) -> CheckResult:
    """Return what GitHub says to a check. Raises ProviderError."""
    asks = {"workflow_run": workflow_run, "commit_status": commit_status, "deployment": deployment}
    return asks[name](access, given)


def workflow_run(access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Judge the newest run of a workflow for the commit: an older commit's success proves nothing."""
    workflow = segment(given["workflow"], "a workflow's file name or id", 100)
    branch, sha = _commit(access, given)
    query = {"branch": branch, "head_sha": sha}
    runs = listed(access, f"/actions/workflows/{workflow}/runs", query, "workflow_runs", "The list of runs")
    run = next((one for one in runs if dig(one, "head_sha") == sha), None)
    if run is None:
        return _says(False, f"{workflow} has not run for {sha[:7]} of {branch} yet.")
    status, ended = str(dig(run, "status")), str(dig(run, "conclusion"))
    page = quoted(dig(run, "html_url"))
    if status != "completed":
        waits = ": it waits for an approval in GitHub" if status == "waiting" else ""
        return _says(False, f"{workflow} for {sha[:7]} is under way: {status.replace('_', ' ')}{waits} ({page}).")
    return _says(ended == "success", f"{workflow} for {sha[:7]} of {branch} ended with: {ended} ({page}).")


def commit_status(access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Judge the combined status together with the check runs: Actions report only as the latter.

    A commit without any status is “pending” at GitHub for ever; without any check run too, nothing was proven.
    """
    branch, sha = _commit(access, given)
    combined = ask(access, f"/commits/{sha}/status", {"per_page": 100}, "The combined status")
    if not isinstance(statuses := dig(combined, "statuses"), list):
        raise ProviderError("GitHub answered with something that is not a combined status.")
    path = f"/commits/{sha}/check-runs"
    runs = list(listed(access, path, {"filter": "latest"}, "check_runs", "The list of check runs"))
    lines = [(_mark(dig(one, "state")), f"{quoted(dig(one, 'context'))}: {dig(one, 'state')}") for one in statuses]
    for run in runs:
        ended = dig(run, "conclusion") or dig(run, "status")
        lines.append((_mark(ended), f"{quoted(dig(run, 'name'))}: {ended}"))
    if not lines:
        return _says(False, f"Nothing has reported about {sha[:7]} of {branch} yet.")
    bad = [text for mark, text in lines if mark != "done"]
    # The state counts besides: GitHub lists at most a hundred statuses.
    holds = not bad and dig(combined, "state") in ("success", "pending" if not statuses else "success")
    text = "; ".join(bad) or f"all {len(lines)} passed"
    return CheckResult(holds, f"Checks of {sha[:7]} of {branch}: {text}.", tuple(lines))


def deployment(access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Judge the newest deployment to an environment."""
    environment = given["environment"]
    found = deploying.newest(access, environment, given.get("commit") or "")
    state = deploying.state_of(access, found)
    return _says(state == "success", f"The deployment of {str(dig(found, 'sha'))[:7]} to {environment} is: {state}.")


def _commit(access: Access, given: Mapping[str, Any]) -> tuple[str, str]:
    branch = given.get("branch") or reading.production_branch(access)
    if given.get("commit"):
        return branch, reading.commit(access, given["commit"])
    if sha := reading.head(access, branch):
        return branch, sha
    raise ProviderError(f"GitHub has no branch {quote(branch)}.")


def _says(holds: bool, text: str) -> CheckResult:
    return CheckResult(holds, text, (("done" if holds else "failed", text),))


def _mark(state: Any) -> str:
    return "done" if state in GOOD else "failed"
