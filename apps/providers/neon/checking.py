"""Ask Neon everything that could stop a restore: the key and its scope, the project, history, plan limits, locks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import dig, quoted
from apps.providers.neon import limits, wire
from apps.providers.neon.wire import RUNNING, Record

SCOPES = {
    "api_key_user": "a personal key, which may do whatever its owner may",
    "api_key_org": "a key of the organisation or of one of its projects",
}
SHORT_HISTORY_SECONDS = 86_400
RIGHTS = (
    "Neon tells only when it is used whether the key may change the project; it needs the rights of an editor. "
    "It does not tell whether a key expires."
)


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        project = wire.project(access)
        listed = wire.branches(access)
        branch = wire.target(access, listed)
    except ProviderError as error:
        return [Finding("error", f"{error} Look at the API key, the project id and the branch.", "project")]
    found = [Finding("ok", f"Signed in; the project {quoted(project.get('name'))} is there.", "project")]
    found += [*_scope(access, project), *_branch(branch, listed)]
    try:
        found += _history(project, branch)
        found += _busy(access)
    except ProviderError as error:
        found.append(Finding("warning", str(error), "history"))
    return [*found, *_room(project, listed)]


def _scope(access: Access, project: Record) -> list[Finding]:
    level = dig(project, "effective_project_permission")
    if level == "CAN_VIEW":
        return [Finding("error", "The key may only look at the project; a restore needs CAN_EDIT.", "rights")]
    rights = f"The key has {quoted(level)} on the project." if level else RIGHTS
    try:
        method = dig(wire.get(access, "/api/v2/auth", "What kind of key it is"), "auth_method")
    except ProviderError:
        return [Finding("ok", rights, "rights")]  # a key of one project may not ask this
    scope = SCOPES.get(str(method), f"a sign-in of the kind {quoted(method)}")
    return [Finding("ok", f"It is {scope}.", "scope"), Finding("ok", rights, "rights")]


def _branch(branch: Record, listed: list[Record]) -> list[Finding]:
    found = [Finding("ok", f"The branch to restore is {branch['name']} ({branch['id']}).", "branch")]
    found += [Finding("error", text, "restricted") for text in limits.restricted(branch)]
    if not wire.settled(branch):
        found.append(Finding("warning", f"Neon is changing {branch['name']} just now.", "branch"))
    if dig(branch, "protected"):
        text = f"{branch['name']} is protected in Neon, which may refuse a restore: look at the project's settings."
        found.append(Finding("warning", text, "protected"))
    if children := [one["name"] for one in listed if dig(one, "parent_id") == branch["id"]]:
        text = f"A restore moves the branches made of it under the preserved one: {', '.join(children[:5])}."
        found.append(Finding("ok", text, "children"))
    return found


def _history(project: Record, branch: Record) -> list[Finding]:
    begins = limits.oldest(project, branch, datetime.now(UTC))
    seconds = float(project["history_retention_seconds"])
    text = f"Neon keeps {limits.span(seconds)} of history; the earliest point just now is {limits.shown(begins)}."
    level = "ok" if seconds >= SHORT_HISTORY_SECONDS else "warning"
    more = "" if level == "ok" else " What is noticed later than that cannot be restored to a time."
    return [Finding(level, f"{text}{more}", "history")]


def _busy(access: Access) -> list[Finding]:
    running = [dig(one, "action") for one in wire.operations(access, None) if dig(one, "status") in RUNNING]
    if not running:
        return []
    text = f"Neon is working on the project just now ({quoted(running[0])}); until then it answers 423 to changes."
    return [Finding("warning", text, "busy")]


def _room(project: Record, listed: list[Record]) -> list[Finding]:
    owner: Any = dig(project, "owner")
    plan, limit = quoted(dig(owner, "subscription_type")), dig(owner, "branches_limit")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit <= 0:
        return [Finding("ok", f"The plan is {plan}.", "plan")] if plan else []
    left = limit - len(listed)
    text = f"The plan ({plan}) allows {limit} branches; {len(listed)} are there, so {max(left, 0)} can be made."
    if left < 1:
        return [Finding("error", f"{text} A restore needs room for the preserved branch.", "plan")]
    more = " A preview and a restore need one each." if left < 2 else ""
    return [Finding("warning" if more else "ok", f"{text}{more}", "plan")]
