"""Ask LaunchDarkly everything that could stop a flag from being switched. Reads only."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import segment
from apps.providers.endings import dig
from apps.providers.http import Answer
from apps.providers.launchdarkly.wire import API, LONGEST_KEY, environment_key, project_key

RIGHTS = (
    "LaunchDarkly tells only when it is used whether the token may switch flags; "
    "it needs “updateOn” in this environment."
)
MAY_WRITE = ("writer", "admin", "owner")


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    if str(access.credentials.get("token", "")).startswith(("sdk-", "mob-")):
        text = "This is an SDK or mobile key; the REST API needs a personal or service token (api-…)."
        return [Finding("error", text, "token")]
    try:
        return _environment(access)
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]


def _environment(access: Access) -> list[Finding]:
    project, environment = project_key(access), environment_key(access)
    answer = API.read(access, f"/api/v2/projects/{project}/environments/{environment}")
    if answer.ok:
        found = [Finding("ok", f"Signed in; the environment {project}/{environment} is there.", "environment")]
        return [*found, *_approvals(answer.json()), _rights(access)]
    if answer.status != 404:
        raise API.unreadable(access, answer, f"The environment {environment}")
    return _flags_instead(access, project, environment)


def _flags_instead(access: Access, project: str, environment: str) -> list[Finding]:
    """Ask for flags where the environment's own page is not to be had."""
    query: dict[str, str | int | None] = {"env": environment, "filter": f"filterEnv:{environment}", "limit": 1}
    flags: Answer = API.read(access, f"/api/v2/flags/{project}", query)
    if flags.ok:
        found = [Finding("ok", f"Signed in; the project {project} is there.", "project")]
        shown = dig(flags.json(), "items", 0, "environments")
        if isinstance(shown, dict) and environment in shown:
            return [*found, _rights(access)]
        level = "error" if shown else "warning"
        text = f"LaunchDarkly shows no environment {environment} in it: look whether the key is right."
        return [*found, Finding(level, text, "environment")]
    if flags.status != 404:
        raise API.unreadable(access, flags, f"The project {project}")
    text = f"LaunchDarkly shows this token no environment {environment} in a project {project}."
    return [Finding("error", text, "environment")]


def _rights(access: Access) -> Finding:
    """Say what the token's own role allows; a custom role does not tell. Its answer names no expiry."""
    try:
        who = API.read(access, "/api/v2/caller-identity")
        key = segment(dig(who.json(), "tokenId") if who.ok else "", "a token id", LONGEST_KEY)
        answer = API.read(access, f"/api/v2/tokens/{key}")
        token = answer.json() if answer.ok else {}
    except ProviderError:
        return Finding("ok", RIGHTS, "rights")  # reading its own token is a right of its own
    role = dig(token, "role")
    if role == "reader" and not dig(token, "customRoleIds"):
        text = "The token may only read (role “reader”). Give it a role that allows “updateOn” in this environment."
        return Finding("error", text, "rights")
    if role in MAY_WRITE and not dig(token, "inlineRole") and not dig(token, "customRoleIds"):
        return Finding("ok", f"The token may switch flags (role “{role}”).", "rights")
    return Finding("ok", RIGHTS, "rights")


def _approvals(body: Any) -> list[Finding]:
    settings = dig(body, "approvalSettings")
    if dig(settings, "required"):
        text = (
            "Changes in this environment need an approval in LaunchDarkly, so the portal cannot make them. "
            "Let the token's role bypass approvals, or plan to switch them by hand."
        )
        return [Finding("warning", text, "approvals")]
    if tags := dig(settings, "requiredApprovalTags"):
        text = f"Flags with these tags need an approval in LaunchDarkly: {', '.join(map(str, tags))}."
        return [Finding("warning", text, "approvals")]
    return []
