"""Ask Sentry whether the connection can read figures and record releases. Changes nothing."""

from __future__ import annotations

from typing import Any

from apps.providers.base import Access, Finding, ProviderError
from apps.providers.calling import Denied, Query
from apps.providers.endings import dig, quoted
from apps.providers.sentry import counting, health
from apps.providers.sentry.wire import ask, organisation_path, project

MAY_RELEASE = {"project:releases", "project:write", "project:admin", "org:ci"}
UNTOLD = "Sentry does not tell whether the token may create releases; it needs “project:releases”."
QUERIES: dict[str, Query] = {
    "events-timeseries": {"dataset": "errors", "statsPeriod": "1h", "interval": 300},
    "sessions": {"field": health.SESSIONS, "statsPeriod": "1h", "interval": "1h"},
}


def findings(access: Access) -> list[Finding]:
    """Return one sentence for each thing that was looked at. Raises nothing."""
    try:
        about = ask(access, f"{organisation_path(access)}/", what="The organization")
        found = [Finding("ok", f"Signed in; the organization {quoted(dig(about, 'slug'))} is there.", "sign-in")]
        return [*found, _project(access), *_reading(access), _releases(about), *_thrown_away(access)]
    except ProviderError as error:
        return [Finding("error", str(error), "sign-in")]


def _project(access: Access) -> Finding:
    slug = project(access)
    path = organisation_path(access).replace("/organizations/", "/projects/")
    try:
        name = dig(ask(access, f"{path}/{slug}/", what=f"The project {slug}"), "slug")
    except Denied as error:
        return Finding("error", str(error), "project")
    return Finding("ok", f"The project {quoted(name)} is there.", "project")


def _reading(access: Access) -> list[Finding]:
    for name, query in QUERIES.items():
        try:
            ask(access, f"{organisation_path(access)}/{name}/", {**query, "project": project(access)}, "The figures")
        except Denied as error:
            text = f"{error} Reading figures needs the scope “org:read”."
            return [Finding("error", text, "org:read")]
    return [Finding("ok", "Errors and sessions can be read (org:read).", "org:read")]


def _releases(about: Any) -> Finding:
    """Say whether the token may create releases, from the rights that the organization's page lists."""
    rights = dig(about, "access")
    if not isinstance(rights, list):
        return Finding("warning", UNTOLD, "project:releases")
    if MAY_RELEASE & set(map(str, rights)):
        return Finding("ok", "Releases and deploys can be recorded.", "project:releases")
    text = "The token may not create releases and deploys: give its integration the scope “project:releases”."
    return Finding("warning", text, "project:releases")


def _thrown_away(access: Access) -> list[Finding]:
    try:
        lost = counting.thrown_away(access)
    except ProviderError as error:
        return [Finding("warning", str(error), "quota")]
    if not lost:
        return []
    text = (
        f"Sentry threw {lost:.0f} errors away in the last hour because of a quota or rate limit. While it does, a low "
        "number of errors proves nothing. Look at the organization's usage and plan."
    )
    return [Finding("warning", text, "quota")]
