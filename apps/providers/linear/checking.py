"""Ask Linear, before anybody depends on it, for what could stop a step. Reads only."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.endings import dig, quoted
from apps.providers.linear import finding
from apps.providers.linear.wire import API, BUDGETS, ask, authorization

VIEWER = "query { viewer { id name admin active } organization { id name urlKey } }"
PLAN = "query { organization { id createdIssueCount subscription { type seats } } }"
FREE_ISSUES = 250
FEW = 0.05


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        body = ask(access, VIEWER, what="Who the token belongs to")
        name = dig(body, "viewer", "name")
        if not isinstance(name, str):
            raise ProviderError("Linear answered with something that does not say whose token this is.")
    except ProviderError as error:
        text = f"{error} A personal API key is sent as it is, an OAuth token after “Bearer”: look which one this is."
        return [Finding("error", text, "sign-in")]
    kind = "an OAuth token" if authorization(access).startswith("Bearer ") else "a personal API key"
    text = f"Signed in to {quoted(dig(body, 'organization', 'name'))} as {quoted(name)} with {kind}."
    found = [Finding("ok", text, "sign-in"), _rights(kind)]
    return [*found, *_team(access), *_plan(access), *_budget(access)]


def _rights(kind: str) -> Finding:
    """Say what cannot be asked: rights to write and, for OAuth, when the token ends."""
    end = " An OAuth token ends after a while: Linear does not say when." if kind == "an OAuth token" else ""
    return Finding("ok", f"Linear tells only when it is used whether the token may write and comment.{end}", "rights")


def _team(access: Access) -> list[Finding]:
    try:
        team = finding.team(access)
        states = ask(access, finding.STATES, {"id": team["id"], "after": None}, "The team's statuses")
    except ProviderError as error:
        return [Finding("error", str(error), "team")]
    names = ", ".join(quoted(dig(one, "name")) for one in dig(states, "team", "states", "nodes") or [])
    return [Finding("ok", f"The team {quoted(dig(team, 'name'))} is there, with the statuses {names}.", "team")]


def _plan(access: Access) -> list[Finding]:
    """Look how near a workspace without a paid plan is to its limit; not every token may read that."""
    try:
        about: Any = dig(ask(access, PLAN, what="The plan"), "organization")
    except ProviderError:
        return []  # only advice
    count = dig(about, "createdIssueCount")
    if dig(about, "subscription") is not None or not isinstance(count, int):
        return []
    text = f"The workspace has no paid plan, which allows about {FREE_ISSUES} issues; {count} have been made in it."
    return [Finding("warning", f"{text} Beyond that Linear makes no more.", "plan")]


def _budget(access: Access) -> list[Finding]:
    try:
        answer = API.read(access, "/graphql", method="POST", body={"query": "query { viewer { id } }"})
    except ProviderError as error:
        return [Finding("warning", str(error), "rate-limit")]
    found = []
    for budget in BUDGETS:
        left, limit = (answer.headers.get(f"x-ratelimit-{budget}-{name}", "") for name in ("remaining", "limit"))
        if left.isdigit() and limit.isdigit() and int(left) < int(limit) * FEW:
            text = f"Only {left} of {limit} {budget} are left in this hour."
            found.append(Finding("warning", text, "rate-limit"))
    return found
