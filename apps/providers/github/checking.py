"""Ask GitHub, before anybody depends on it, for every right, limit and rule that could stop a step. Reads only."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied
from apps.providers.endings import dig, quoted
from apps.providers.github import reading
from apps.providers.github.freezing import ruleset_name
from apps.providers.github.resetting import refusals
from apps.providers.github.wire import API, ask, listed, repository, unreadable
from apps.providers.http import Answer

EXPIRES_SOON = timedelta(days=14)
FEW_REQUESTS = 200
KINDS = (
    ("ghp_", "a classic personal access token"),
    ("github_pat_", "a fine-grained personal access token"),
    ("ghs_", "an installation token of a GitHub App; it ends after one hour"),
    ("gho_", "a token of an OAuth app"),
    ("ghu_", "a user's token of a GitHub App"),
)
# Reads that stand for the rights which the actions need; GitHub tells rights to write only when they are used.
PROBES = (
    ("/actions/workflows", "Actions: read and write", "workflows"),
    ("/pulls", "Pull requests: read and write", "pull requests"),
    ("/deployments", "Deployments: read and write", "deployments"),
)


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        answer = API.read(access, repository(access))
        if not answer.ok:
            raise unreadable(access, answer, f"The repository {quoted(access.settings.get('repository'))}")
        body = answer.json()
        name = reading.text_of(body, "full_name", what="a repository")
    except ProviderError as error:
        return [Finding("error", f"{error} Look at the repository's name and the token.", "repository")]
    found = [Finding("ok", f"Signed in with {_kind(access)}; the repository {name} is there.", "repository")]
    found += [*_expiry(answer), *_rate(answer), *_scopes(answer, body), *_rights(body), *_probes(access)]
    return [*found, *_branch(access), *_plan(access), *_approvals(access)]


def _kind(access: Access) -> str:
    token = str(access.credentials.get("token") or "")
    return next((words for start, words in KINDS if token.startswith(start)), "a token of a kind that GitHub may add")


def _expiry(answer: Answer) -> list[Finding]:
    """Read when the token ends: `2026-12-31 23:59:59 UTC`, or with an offset such as +0000; absent for no end."""
    text = answer.headers.get("github-authentication-token-expiration", "")
    found = re.match(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ?(UTC|[+-]\d{4})?", text)
    if not found:
        return []
    zone = "+0000" if found[3] in (None, "UTC") else found[3]
    ends = datetime.strptime(f"{found[1]} {found[2]} {zone}", "%Y-%m-%d %H:%M:%S %z")
    left = ends - datetime.now(UTC)
    day = f"{ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if left > EXPIRES_SOON:
        return [Finding("ok", f"The token is valid until {day}.", "expiry")]
    return [Finding("warning", f"The token ends on {day}, in {max(left.days, 0)} days. Renew it.", "expiry")]


def _rate(answer: Answer) -> list[Finding]:
    left, limit = (answer.headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "limit"))
    if not left.isdigit() or int(left) >= FEW_REQUESTS:
        return []
    reset = answer.headers.get("x-ratelimit-reset", "")
    minutes = f" It is filled up in {max(float(reset) - time.time(), 0) / 60:.0f} minutes." if reset.isdigit() else ""
    return [Finding("warning", f"Only {left} of {limit} requests are left in this hour.{minutes}", "rate-limit")]


def _scopes(answer: Answer, body: Any) -> list[Finding]:
    """Judge the scopes, which only classic and OAuth tokens have."""
    if "x-oauth-scopes" not in answer.headers:
        text = "GitHub tells this kind of token's rights to write only when they are used."
        return [Finding("ok", f"{text} See the list in the README of this provider.", "scopes")]
    scopes = {one.strip() for one in answer.headers["x-oauth-scopes"].split(",")}
    if "repo" in scopes or ("public_repo" in scopes and not dig(body, "private")):
        return [Finding("ok", "The token has the scope that it needs.", "scopes")]
    return [Finding("error", "The token lacks the scope “repo”. Make a new one.", "scopes")]


def _rights(body: Any) -> list[Finding]:
    if dig(body, "archived"):
        return [Finding("error", "The repository is archived: nothing in it can be changed.", "rights")]
    rights = dig(body, "permissions") or {}
    if dig(rights, "push") is False:
        return [
            Finding("error", "The token may only read this repository. Give its account the right to write.", "rights")
        ]
    if dig(rights, "admin") is False:
        text = "The token's account is no administrator here: it can neither freeze a branch nor lift a freeze."
        return [Finding("warning", text, "rights")]
    return [Finding("ok", "The token's account may write, and administer the repository.", "rights")] if rights else []


def _probes(access: Access) -> list[Finding]:
    found = []
    for path, right, words in PROBES:
        try:
            ask(access, path, {"per_page": 1}, f"The list of {words}")
        except Denied as error:
            found.append(Finding("warning", f"{error} Steps about {words} need “{right}”.", "rights"))
        except ProviderError as error:
            found.append(Finding("warning", str(error), "rights"))
    return found


def _branch(access: Access) -> list[Finding]:
    try:
        branch = reading.production_branch(access)
        if not reading.head(access, branch):
            return [Finding("error", f"There is no branch {branch} in the repository.", "branch")]
        found = [Finding("ok", f"The branch {branch} is there.", "branch")]
        found += [
            Finding("warning", f"{text} “reset_branch” will not work.", "branch") for text in refusals(access, branch)
        ]
        return [*found, *_reviews(access, branch)]
    except ProviderError as error:
        return [Finding("warning", str(error), "branch")]


def _reviews(access: Access, branch: str) -> list[Finding]:
    for rule in listed(access, f"/rules/branches/{quote(branch)}", {}, what=f"The rules for {branch}"):
        count = dig(rule, "parameters", "required_approving_review_count")
        if dig(rule, "type") == "pull_request" and isinstance(count, int) and count:
            text = f"A pull request to {branch} needs {count} approvals in GitHub before “merge_pull_request” works."
            return [Finding("warning", text, "approvals")]
    return []


def _plan(access: Access) -> list[Finding]:
    """Look whether the plan has rulesets, and whether a freeze would shut the portal out as well."""
    try:
        rulesets = list(listed(access, "/rulesets", {"includes_parents": "false"}, what="The rulesets"))
    except Denied as error:
        upgrade = "upgrade" in str(error).lower()
        text = (
            "GitHub's plan has no rulesets for this private repository: “freeze” will not work."
            if upgrade
            else str(error)
        )
        return [Finding("warning", text, "plan")]
    except ProviderError as error:
        return [Finding("warning", str(error), "plan")]
    found = [Finding("ok", "The plan has rulesets, so a branch can be frozen.", "plan")]
    if any(str(dig(one, "name")).startswith(ruleset_name("\0").split("\0")[0]) for one in rulesets):
        found.append(Finding("warning", "A branch is frozen by a ruleset of this portal just now.", "freeze"))
    if not access.settings.get("app_id", "").strip():
        text = "No app id is given, so a freeze stops the portal's own pushes and merges to that branch too."
        found.append(Finding("warning", text, "freeze"))
    return found


def _approvals(access: Access) -> list[Finding]:
    """Look for environments whose runs wait until somebody approves them in GitHub."""
    try:
        listed_ = listed(access, "/environments", {}, "environments", "The list of environments")
        waiting = [
            quoted(dig(one, "name"))
            for one in listed_
            if any(dig(rule, "type") == "required_reviewers" for rule in dig(one, "protection_rules") or [])
        ]
    except ProviderError:
        return []  # only advice
    if not waiting:
        return []
    text = f"Runs that deploy to {', '.join(waiting)} wait until a reviewer approves them in GitHub."
    return [Finding("warning", text, "approvals")]
