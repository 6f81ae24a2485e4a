"""Deploy a known commit again through the team's own pipeline: Convex itself keeps no earlier deployment to go back to.

The pipeline is a GitHub workflow that takes the input `commit`, checks it out and runs `npx convex deploy`. Which
commit runs is asked of a query function of the deployment.
"""

from __future__ import annotations

import re
from typing import Any

from apps.providers.base import Access, Observation, Outcome, OutcomeKind, ProviderError, Seen, Sending
from apps.providers.convex import wire
from apps.providers.convex.wire import API, PIPELINE
from apps.providers.endings import dig, outcome_of, quoted, unknown

SHORTEST = 7  # hex digits that name a commit
_COMMIT = re.compile(r"[0-9a-f]{7,40}\Z")
_PIPELINE = re.compile(r"([\w.-]+)/([\w.-]+)/([\w.-]+)\Z")


def commit_problem(commit: str) -> str:
    """Return why a text does not name a commit, or an empty text."""
    return (
        "" if _COMMIT.match(commit) else f"“{quoted(commit)}” is not a commit: write 7 to 40 hex digits in lower case."
    )


def workflow(access: Access) -> str:
    """Return the path of the workflow. Raises ProviderError where the connection names none."""
    match = _PIPELINE.match(access.settings.get("pipeline", "").strip())
    if not match or ".." in match.groups():
        raise ProviderError("The connection names no pipeline: write owner/repository/workflow.yml.")
    owner, repository, name = match.groups()
    return f"/repos/{owner}/{repository}/actions/workflows/{name}"


def running_commit(access: Access) -> str:
    """Return which commit the deployment says it runs. Raises ProviderError."""
    function = access.settings.get("version_query", "").strip()
    if not function:
        raise ProviderError("The connection names no query function that tells the commit (“version_query”).")
    value: Any = wire.call(API, access, function)
    commit = dig(value, "commit") if isinstance(value, dict) else value
    if not isinstance(commit, str) or not _COMMIT.match(commit.lower()):
        raise ProviderError(f"{function} does not tell a commit: it gives “{quoted(value)}”.")
    return commit.lower()


def observed(access: Access, commit: str) -> Observation:
    """Say whether the deployment runs the commit. Raises ProviderError."""
    now = running_commit(access)
    same = now.startswith(commit) or commit.startswith(now)
    seen = Seen.DESIRED if same else Seen.OTHER
    return Observation(seen, f"Convex runs the commit {now[:12]}.", {"commit": now}, {"commit": now})


def deploy(access: Access, sending: Sending, commit: str) -> Outcome:
    """Start the pipeline for the commit. Raises NotSent, Lost or ProviderError."""
    ref = access.settings.get("pipeline_ref", "").strip() or "main"
    path, body = f"{workflow(access)}/dispatches", {"ref": ref, "inputs": {"commit": commit}}
    answer = PIPELINE.change(access, sending, "POST", path, body=body)
    if not answer.ok:
        return outcome_of(answer, f"start the pipeline for {commit}", PIPELINE.said(access, answer))
    told: Any = answer.json() if answer.body.strip() else {}
    if not isinstance(told, dict) or "error" in told or "message" in told:
        return unknown(f"The pipeline answered {answer.status}, but did not confirm that it was started.", answer)
    page = dig(told, "html_url")
    text = f"The pipeline was started for {commit}; it deploys when it comes to it."
    return Outcome(
        OutcomeKind.SUCCEEDED, text, status=answer.status, external_url=page if isinstance(page, str) else ""
    )
