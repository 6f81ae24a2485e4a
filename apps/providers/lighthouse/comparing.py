"""Find the build a check is about and the one it is compared with, and the score of its worst page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.declaring import moment
from apps.providers.endings import dig, quoted
from apps.providers.lighthouse.wire import ancestor, builds, project, scores


@dataclass(frozen=True)
class Measured:
    """A value in points, of how many pages, of which build (in words) and when that was run."""

    value: float
    pages: int
    build: str
    run_at: datetime


def score(access: Access, given: Mapping[str, Any]) -> Measured:
    """Return the score of the newest build's worst page. Raises ProviderError where there is none to tell."""
    found = project(access)
    build, run_at = _newest(access, found, given["window_minutes"])
    pages = _pages(scores(access, found["id"], build, given["category"]), given, build)
    return Measured(min(pages.values()), len(pages), _words(build), run_at)


def change(access: Access, given: Mapping[str, Any]) -> Measured:
    """Return by how many points the newest build differs from its baseline, on the page that lost most.

    Raises ProviderError where there is nothing to compare.
    """
    found = project(access)
    build, run_at = _newest(access, found, given["window_minutes"])
    base = _baseline(access, found, build, str(given.get("baseline") or ""))
    now = _pages(scores(access, found["id"], build, given["category"]), given, build)
    before = _pages(scores(access, found["id"], base, given["category"]), given, base)
    both = now.keys() & before.keys()
    if not both:
        raise ProviderError(f"The builds {_words(build)} and {_words(base)} have no page in common to compare.")
    value = min(now[url] - before[url] for url in both)
    return Measured(value, len(both), f"{_words(build)} against {_words(base)}", run_at)


def _newest(access: Access, found: Mapping[str, Any], window_minutes: float) -> tuple[dict[str, Any], datetime]:
    branch = access.settings.get("branch") or str(found.get("baseBranch") or "main")
    listed = builds(access, found["id"], branch=branch)
    if not listed:
        raise ProviderError(f"Lighthouse CI has no whole build of the branch {quoted(branch)}.")
    run_at = moment(listed[0]["runAt"].replace("Z", "+00:00"))
    if run_at is None:
        raise ProviderError("Lighthouse CI does not tell when its newest build was run.")
    if datetime.now(UTC) - run_at > timedelta(minutes=float(window_minutes)):
        when = run_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        text = f"Lighthouse CI has no build of {quoted(branch)} in the last {window_minutes:g} min"
        raise ProviderError(f"{text}; the newest, {_words(listed[0])}, is of {when}. Let it measure again.")
    return listed[0], run_at


def _baseline(access: Access, found: Mapping[str, Any], build: Mapping[str, Any], commit: str) -> dict[str, Any]:
    """Return the build of a commit, or the one that the server itself compares with where none is named."""
    if not commit:
        base = ancestor(access, found["id"], build)
        if base is None:
            raise ProviderError(f"Lighthouse CI has no earlier build to compare {_words(build)} with. Name a commit.")
        return base
    wanted = {"hash": commit} if len(commit) == 40 else {}
    named = [one for one in builds(access, found["id"], **wanted) if str(dig(one, "hash")).startswith(commit)]
    if not named:
        raise ProviderError(f"Lighthouse CI has no whole build of the commit {quoted(commit)} among its newest.")
    return named[0]


def _pages(found: dict[str, float], given: Mapping[str, Any], build: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of the page that is asked about, or of all. Raises ProviderError where there are none."""
    url = str(given.get("url") or "")
    pages = {url: found[url]} if url in found else ({} if url else found)
    if not pages:
        where = f" for {quoted(url)}" if url else ""
        raise ProviderError(f"The build {_words(build)} has no score in {given['category']}{where}.")
    return pages


def _words(build: Mapping[str, Any]) -> str:
    return quoted(str(build.get("hash") or build.get("id"))[:7])
