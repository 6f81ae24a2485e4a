"""Set a branch back to an earlier commit by force: what is lost, what is kept, and what forbids it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, Airlock, Call, Observation, Outcome, ProviderError, Seen, Sending
from apps.providers.calling import Denied
from apps.providers.endings import dig, refused
from apps.providers.github import judging, reading
from apps.providers.github.branching import kept_name
from apps.providers.github.deeds import Deed, prepared
from apps.providers.github.wire import API, ask, ask_if_there, listed, repository

FORBIDDING = {
    "non_fast_forward": "forbids force pushes",
    "update": "lets nobody but its bypass list change the branch",
    "pull_request": "wants every change to come by pull request",
}
BYPASSED = ("always", "exempt")


def _observe(access: Access, call: Call, sending: Sending | None) -> Observation:
    """Say whether the branch is at the commit. Any other move of the branch is drift: people accepted a loss."""
    branch, commit = _branch(access, call), reading.commit_of(access, call.parameters["commit"])
    now = reading.head(access, branch)
    if not now:
        raise Denied(f"There is no branch {branch}.")
    if now == commit:
        return Observation(Seen.DESIRED, f"{branch} is at {commit[:7]}.", {"head": now})
    return Observation(Seen.OTHER, f"{branch} is at {now[:7]}, not at {commit[:7]}.", {"head": now})


def _apply(access: Access, call: Call, sending: Sending) -> Outcome:
    """Move the branch, but only when a branch keeps the place where it is now."""
    branch = prepared(partial(_branch, access, call))
    commit = prepared(partial(reading.commit_of, access, call.parameters["commit"]))
    now = prepared(partial(reading.head, access, branch))
    if not now:
        return refused(f"There is no branch {branch}. Nothing was changed.")
    if now == commit:
        return judging.there(f"{branch} is at {commit[:7]} already.", {"branch": branch, "sha": commit})
    kept = kept_name(branch, now)
    if prepared(partial(reading.head, access, kept)) != now:
        text = f"Nothing keeps {branch} as it is now ({now[:7]}): the branch {kept} is missing. Nothing was changed."
        return refused(f"{text} Run “keep_branch” right before.", needs_operator=True)
    body = {"sha": commit, "force": True}
    path = f"{repository(access)}/git/refs/heads/{quote(branch)}"
    answer = API.change(access, sending, "PATCH", path, body=body)
    done = f"GitHub set {branch} from {now[:7]} back to {commit[:7]}. {kept} keeps what was there."
    doing = f"set {branch} back to {commit[:7]} by force (is the branch protected?)"
    return judging.reference(access, answer, branch, commit, doing, done)


def airlock(access: Access, call: Call) -> Airlock:
    """Say which commits leave the branch, which branch keeps them, and what forbids it. Raises ProviderError."""
    branch = _branch(access, call)
    now = reading.head(access, branch)
    if not now:
        return Airlock("", "", refusals=(f"There is no branch {branch} at GitHub.",))
    try:
        commit = reading.commit_of(access, call.parameters["commit"])
    except Denied as error:
        return Airlock("", "", refusals=(str(error),))
    way = reading.distance(access, commit, now)
    return Airlock(
        loses=_loss(branch, commit, now, way),
        safety_copy=f"The branch {kept_name(branch, now)} at {now[:7]}, made by “keep_branch” before.",
        lost_from=way.first_at if way.ahead else None,
        lost_until=datetime.now(UTC) if way.ahead else None,
        refusals=tuple(refusals(access, branch)),
    )


def refusals(access: Access, branch: str) -> list[str]:
    """Return the rules that keep the branch from being set back by this token. Raises ProviderError."""
    found = []
    for rule in _rules(access, branch):
        kind = dig(rule, "type")
        if kind in FORBIDDING and not _bypassed(access, rule):
            found.append(f"A ruleset of GitHub {FORBIDDING[kind]}: {branch} cannot be set back by this token.")
    protected = ask_if_there(access, f"/branches/{quote(branch)}", what=f"The branch {branch}")
    return list(dict.fromkeys(found + (_protection(access, branch) if dig(protected, "protected") else [])))


def _rules(access: Access, branch: str) -> list[Any]:
    """Return the rules for a branch; an Enterprise Server that has none yet answers 404."""
    try:
        return list(listed(access, f"/rules/branches/{quote(branch)}", {}, what=f"The rules for {branch}"))
    except Denied:
        return []  # GitHub itself will refuse what they forbid


def _bypassed(access: Access, rule: Any) -> bool:
    """Say whether the token may pass by a rule. A ruleset that cannot be read is taken to hold."""
    try:
        ruleset = ask(access, f"/rulesets/{int(dig(rule, 'ruleset_id'))}", {"includes_parents": "true"})
    except (ProviderError, TypeError, ValueError):
        return False
    return dig(ruleset, "current_user_can_bypass") in BYPASSED


def _protection(access: Access, branch: str) -> list[str]:
    """Return what the classic protection of a branch forbids; where the token may not read it, GitHub will tell."""
    try:
        body = ask_if_there(access, f"/branches/{quote(branch)}/protection", what=f"The protection of {branch}")
    except Denied:
        return []
    if dig(body, "lock_branch", "enabled"):
        return [f"{branch} is locked by branch protection: nobody may push to it."]
    if body is None or dig(body, "allow_force_pushes", "enabled"):
        return []
    return [
        f"Branch protection of {branch} forbids force pushes. An administrator of the repository has to allow them."
    ]


def _loss(branch: str, commit: str, now: str, way: reading.Distance) -> str:
    if way.status == "identical":
        return f"Nothing: {branch} is at {commit[:7]} already."
    if not way.ahead:
        return f"No commit: {commit[:7]} comes after what {branch} has now."
    lost = "1 commit" if way.ahead == 1 else f"{way.ahead} commits"
    text = f"{lost} of {branch} after {commit[:7]}, up to {now[:7]}; whoever has fetched them has to be told."
    return f"{text} {way.behind} other commits come in." if way.behind else text


def _branch(access: Access, call: Call) -> str:
    return str(call.parameters.get("branch") or reading.production_branch(access))


RESET = Deed(_observe, _apply)
