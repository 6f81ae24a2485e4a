"""Ask a deployment and its pipeline whether they can be used. Reads only."""

from __future__ import annotations

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.convex import deploying, snapshots
from apps.providers.convex.wire import API, PIPELINE, home
from apps.providers.endings import dig, quoted

NO_REDEPLOY = "so “redeploy” cannot be used."


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        export = snapshots.newest(access)
    except ProviderError as error:
        return [Finding("error", f"{error} Look at the deployment and its deploy key.", "sign-in")]
    newest = f"{snapshots.named(export)} is the newest." if export and export.stamp else "There is no snapshot yet."
    found = [Finding("ok", f"Signed in; the key may see snapshots. {newest}", "sign-in"), *_deployment(access)]
    return [*found, *_version(access), *_pipeline(access)]


def _deployment(access: Access) -> list[Finding]:
    """Name the deployment, so that nobody connects a development one by mistake."""
    try:
        answer = API.read(access, "/api/v1/deployment_info", base_url=home(access))
        told = answer.json() if answer.ok else None
    except ProviderError as error:
        return [Finding("warning", f"Which deployment this is cannot be read: {error}", "deployment")]
    if not isinstance(told, dict):  # self-hosted ones of before have no such address
        return [
            Finding("ok", "The deployment does not tell its name; make sure that it is the right one.", "deployment")
        ]
    name, kind = dig(told, "deploymentName") or dig(told, "name"), dig(told, "deploymentType") or dig(told, "type")
    text = f"This is the deployment {quoted(name or 'without a name')}" + (f" ({quoted(kind)})." if kind else ".")
    return [Finding("ok" if kind in (None, "prod") else "warning", text, "deployment")]


def _version(access: Access) -> list[Finding]:
    if not access.settings.get("version_query"):
        return [Finding("warning", f"No query tells the commit (“version_query”), {NO_REDEPLOY}", "version")]
    try:
        commit = deploying.running_commit(access)
    except ProviderError as error:
        return [Finding("warning", f"{error} Until then {NO_REDEPLOY.removeprefix('so ')}", "version")]
    return [Finding("ok", f"The deployment runs the commit {commit[:12]}.", "version")]


def _pipeline(access: Access) -> list[Finding]:
    if not access.settings.get("pipeline"):
        return [Finding("warning", f"The connection names no pipeline, {NO_REDEPLOY}", "pipeline")]
    try:
        answer = PIPELINE.read(access, deploying.workflow(access))
        if not answer.ok:
            raise PIPELINE.unreadable(access, answer, "The workflow")
        state = dig(answer.json(), "state")
    except ProviderError as error:
        return [Finding("warning", f"{error} Until then {NO_REDEPLOY.removeprefix('so ')}", "pipeline")]
    if state != "active":
        return [Finding("warning", f"The workflow is {quoted(state)}, {NO_REDEPLOY}", "pipeline")]
    text = "The workflow is there and active; whether the token may start it shows only when it does."
    return [Finding("ok", text, "pipeline")]
