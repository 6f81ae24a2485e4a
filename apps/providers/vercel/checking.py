"""Ask Vercel, before anybody depends on it, everything that could stop a rollback. Reads only."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import dig
from apps.providers.vercel import reading
from apps.providers.vercel.reading import API


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        now = reading.production(access)
    except ProviderError as error:
        return [Finding("error", f"{error} Look at the token, the project id and the team id.", "project")]
    found = [
        Finding("ok", f"Signed in; the project {now.name} is there.", "project"),
        Finding(
            "ok",
            "Vercel tells only when it is used whether the token may move production; its role needs "
            "“Full Production Deployment”.",
            "rights",
        ),
    ]
    found += _live(now)
    found += _candidates(access)
    found += _plan(access)
    found += _rolling_release(access)
    return found


def _live(now: reading.Production) -> list[Finding]:
    if now.live.moving_to:
        return [Finding("warning", f"Vercel is moving production to {now.live.moving_to} just now.", "live")]
    if now.live.addresses and not now.live.reference:
        return [Finding("warning", "The production addresses do not all serve the same deployment.", "live")]
    if not now.live.reference:
        return [Finding("warning", "Vercel does not say which deployment is live.", "live")]
    found = [Finding("ok", f"Production serves {now.live.reference}.", "live")]
    if now.job and now.job.kind == "rollback" and now.job.status == "succeeded":
        text = "Production is pinned after a rollback: new releases do not go live until somebody promotes one."
        found.append(Finding("warning", text, "pinned"))
    return found


def _candidates(access: Access) -> list[Finding]:
    try:
        known = [one for one in reading.deployments(access) if one.served_production]
    except ProviderError as error:
        return [Finding("warning", f"{error} Targets have to be given by their id.", "deployments")]
    if len(known) < 2:
        return [Finding("warning", "There is no earlier production deployment to go back to.", "deployments")]
    return [Finding("ok", f"{len(known)} deployments have served production and can do so again.", "deployments")]


def _plan(access: Access) -> list[Finding]:
    team = access.settings.get("team_id", "")
    body = _optional(access, f"/v2/teams/{team}" if team.replace("_", "").isalnum() else "/v2/user")
    plan = dig(body, "billing", "plan") or dig(body, "user", "billing", "plan")
    if plan == "hobby":
        text = "On the Hobby plan Vercel goes back only to the deployment right before the live one."
        return [Finding("warning", text, "plan")]
    return [Finding("ok", f"The plan ({plan}) allows any earlier production deployment.", "plan")] if plan else []


def _rolling_release(access: Access) -> list[Finding]:
    path = f"/v1/projects/{reading.project_path(access)}/rolling-release"
    if dig(_optional(access, path, {"state": "ACTIVE"}), "rollingRelease"):
        text = "A rolling release is under way: a rollback ends it, a promotion waits for it."
        return [Finding("warning", text, "rolling-release")]
    return []


def _optional(access: Access, path: str, query: dict[str, str] | None = None) -> Any:
    """Return a page that may be missing without that being a fault, or None."""
    try:
        answer = API.read(access, path, {**(query or {}), **reading.scope(access)})
        return answer.json() if answer.ok else None
    except ProviderError:
        return None  # these pages only add advice
