"""Ask Vercel, before anybody depends on it, everything that could stop a rollback. Reads only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import segment
from apps.providers.endings import dig
from apps.providers.vercel import listing, maintaining, reading, routing, variables, wire
from apps.providers.vercel.wire import API

DAY_SECONDS = 86_400
EXPIRES_SOON_DAYS = 14
MOVES, SETS = "FullProductionDeployment", "EnvVariableManager"  # team permissions, beside the roles
MAY_ALL = ("OWNER", "MEMBER")
MAY_READ_ONLY = ("VIEWER", "BILLING", "VIEWER_FOR_PLUS")


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        now = reading.production(access)
    except ProviderError as error:
        return [Finding("error", f"{error} Look at the token, the project id and the team id.", "project")]
    found = [Finding("ok", f"Signed in; the project {now.name} is there.", "project")]
    looks: tuple[Callable[[], list[Finding]], ...] = (
        lambda: _rights(access),
        lambda: _expiry(access),
        lambda: _live(now),
        lambda: _candidates(access),
        lambda: _plan(access),
        lambda: _rolling_release(access),
        lambda: _variables(access, now.live.reference),
        lambda: _routes(access),
    )
    return found + [finding for look in looks for finding in look()]


def _rights(access: Access) -> list[Finding]:
    """Return what the token's role in the team may do; Vercel has no question that asks for one right."""
    team = access.settings.get("team_id", "")
    if not team:
        return [Finding("ok", "A personal account: its owner may do everything the portal asks for.", "rights")]
    membership = dig(_team(access), "membership")
    role, extra = str(dig(membership, "role") or ""), dig(membership, "teamPermissions") or []
    if role in MAY_ALL or MOVES in extra:
        found = [Finding("ok", f"The token's role in the team ({role}) may move production.", "rights")]
        if role not in MAY_ALL and SETS not in extra:
            text = f"The role {role} may not change environment variables: it needs “Environment Variable Manager”."
            found.append(Finding("warning", text, "rights"))
        return found
    if role in MAY_READ_ONLY:
        text = f"The token's role in the team ({role}) may only look. It needs “Full Production Deployment”."
        return [Finding("error", text, "rights")]
    known = f"The role is {role}; whether" if role else "Whether"
    text = f"{known} it may move production shows only when it is used. It needs “Full Production Deployment”."
    return [Finding("warning" if role else "ok", text, "rights")]


def _expiry(access: Access) -> list[Finding]:
    token = dig(_optional(access, "/v5/user/tokens/current"), "token")
    if not isinstance(token, dict):
        return [
            Finding("ok", "Vercel does not tell this token when it expires; look at the account's tokens.", "expiry")
        ]
    ends = wire.moment(token.get("expiresAt"))
    if ends is None:
        return [Finding("ok", "The token does not expire.", "expiry")]
    days = (ends.timestamp() - time.time()) / DAY_SECONDS
    if days < EXPIRES_SOON_DAYS:
        text = f"The token expires on {ends:%Y-%m-%d}, in {max(days, 0):.0f} days. Make a new one in time."
        return [Finding("warning", text, "expiry")]
    return [Finding("ok", f"The token is good until {ends:%Y-%m-%d}.", "expiry")]


def _live(now: reading.Production) -> list[Finding]:
    if now.paused:
        return [Finding("warning", "The project is paused: visitors get a page of Vercel's.", "live")]
    if now.live.moving_to:
        return [Finding("warning", f"Vercel is moving production to {now.live.moving_to} just now.", "live")]
    if now.live.addresses and not now.live.reference:
        return [Finding("warning", "The production addresses do not all serve the same deployment.", "live")]
    if not now.live.reference:
        return [Finding("warning", "Vercel does not say which deployment is live.", "live")]
    found = [Finding("ok", f"Production serves {now.live.reference}.", "live")]
    if now.pinned:
        text = "Production is pinned after a rollback: new releases do not go live until somebody promotes one."
        found.append(Finding("warning", text, "pinned"))
    elif now.assigns is False:
        text = "New releases do not go live by themselves: automatic assignment of production domains is off."
        found.append(Finding("warning", text, "pinned"))
    return found


def _candidates(access: Access) -> list[Finding]:
    try:
        known = [one for one in listing.deployments(access) if one.served_production]
    except ProviderError as error:
        return [Finding("warning", f"{error} Targets have to be given by their id.", "deployments")]
    if len(known) < 2:
        return [Finding("warning", "There is no earlier production deployment to go back to.", "deployments")]
    return [Finding("ok", f"{len(known)} deployments have served production and can do so again.", "deployments")]


def _plan(access: Access) -> list[Finding]:
    body = _team(access) if access.settings.get("team_id") else _optional(access, "/v2/user")
    plan = dig(body, "billing", "plan") or dig(body, "user", "billing", "plan")
    if plan == "hobby":
        text = (
            "On the Hobby plan Vercel goes back only to the deployment right before the live one; no webhooks either."
        )
        return [Finding("warning", text, "plan")]
    return [Finding("ok", f"The plan ({plan}) allows any earlier production deployment.", "plan")] if plan else []


def _variables(access: Access, live: str) -> list[Finding]:
    try:
        kept = variables.in_production(access)
        variables.project_values(access, kept)
    except ProviderError as error:
        return [Finding("warning", f"{error} Changed environment variables cannot be told or put back.", "variables")]
    silent = [one.name for one in kept if not one.readable]
    text = f"{len(kept)} environment variables of production can be read."
    if silent:
        text = f"Of {len(kept)} environment variables, {len(silent)} are sensitive: people have to put those back."
    found = [Finding("ok", text, "variables")]
    try:
        if live:
            variables.deployment_values(access, live)
    except ProviderError as error:
        text = "Variables are compared by the times of their changes alone, and cannot be put back by the portal."
        found.append(Finding("warning", f"{error} {text}", "variables"))
    return found


def _routes(access: Access) -> list[Finding]:
    try:
        rules = routing.look(access)
    except ProviderError as error:
        return [Finding("warning", f"{error} Maintenance cannot be switched; pausing the project may do.", "routes")]
    if (page := maintaining.sends_to(rules.live)) != maintaining.OFF:
        return [Finding("warning", f"Maintenance is on: every visitor is sent to {page}.", "routes")]
    if rules.draft is not None:
        text = "Somebody has prepared routing rules and not published them: maintenance waits until that is settled."
        return [Finding("warning", text, "routes")]
    return [Finding("ok", "Maintenance can be switched by a routing rule; it is off.", "routes")]


def _rolling_release(access: Access) -> list[Finding]:
    path = f"/v1/projects/{wire.project_path(access)}/rolling-release"
    if dig(_optional(access, path, {"state": "ACTIVE"}), "rollingRelease"):
        text = "A rolling release is under way: a rollback ends it, a promotion waits for it."
        return [Finding("warning", text, "rolling-release")]
    return []


def _team(access: Access) -> Any:
    try:
        return _optional(access, f"/v2/teams/{segment(access.settings.get('team_id'), 'a Vercel team id')}")
    except ProviderError:
        return None  # what is no id cannot be asked for; the project was read with it all the same


def _optional(access: Access, path: str, query: dict[str, str] | None = None) -> Any:
    """Return a page that may be missing without that being a fault, or None."""
    try:
        answer = API.read(access, path, {**(query or {}), **wire.scope(access)})
        return answer.json() if answer.ok else None
    except ProviderError:
        return None  # these pages only add advice
