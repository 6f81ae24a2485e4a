"""How a Lighthouse CI server is spoken. Source: GoogleChrome/lighthouse-ci, its routes, its storage and its client."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, segment
from apps.providers.endings import dig, quoted

DEFAULT_USER = "lhci"  # what the server and its client assume
NEWEST = 50  # builds that are looked through
_UUID = re.compile(r"[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}\Z")


def _sign_in(access: Access) -> Mapping[str, str]:
    """Return Basic sign-in where the server has a password; reading needs no other token."""
    password = str(access.credentials.get("password") or "")
    if not password:
        return {}
    user = str(access.credentials.get("username") or DEFAULT_USER)
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


API = Api("Lighthouse CI", "", _sign_in)  # everybody has a server of their own


def ask(access: Access, path: str, query: Query | None = None, what: str = "", *, or_none: bool = False) -> Any:
    """Return the body of an address below `/v1/projects`; with `or_none` None where there is nothing (404).

    Raises ProviderError.
    """
    answer = API.read(access, f"/v1/projects{path}", query)
    if answer.status == 404 and or_none:
        return None
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    return answer.json()


def project(access: Access) -> dict[str, Any]:
    """Return the connection's project, given by slug or id. Raises ProviderError."""
    wanted = access.settings.get("project") or ""
    name = segment(wanted, "a Lighthouse CI project", 128)
    found = ask(access, f"/{name}" if _UUID.match(wanted) else f"/slug:{name}", what="The project", or_none=True)
    if found is None:
        raise ProviderError(f"Lighthouse CI knows no project “{quoted(wanted)}”. Correct its slug or id.")
    if not _UUID.match(str(dig(found, "id"))):
        raise ProviderError("Lighthouse CI answered with something that is not a project.")
    return dict(found)


def builds(access: Access, project_id: str, **wanted: str) -> list[dict[str, Any]]:
    """Return the newest whole builds of a project, the latest run first. Raises ProviderError."""
    query: dict[str, str | int | None] = {"lifecycle": "sealed", "limit": NEWEST, **wanted}
    found = ask(access, f"/{project_id}/builds", query, "The list of builds")
    if not isinstance(found, list):
        raise ProviderError("Lighthouse CI answered with something that is not a list of builds.")
    whole = [one for one in found if _UUID.match(str(dig(one, "id"))) and isinstance(dig(one, "runAt"), str)]
    return sorted(whole, key=lambda one: str(one["runAt"]), reverse=True)


def ancestor(access: Access, project_id: str, build: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the build of the base branch that the server compares a build with, or None. Raises ProviderError."""
    path = f"/{project_id}/builds/{build['id']}/ancestor"
    found = ask(access, path, what="The build to compare with", or_none=True)
    return dict(found) if _UUID.match(str(dig(found, "id"))) else None


def scores(access: Access, project_id: str, build: Mapping[str, Any], category: str) -> dict[str, float]:
    """Return a build's score in one category, 0 to 100, by the address that was measured. Raises ProviderError."""
    found = ask(access, f"/{project_id}/builds/{build['id']}/statistics", what="The scores of the build")
    if not isinstance(found, list):
        raise ProviderError("Lighthouse CI answered with something that is not a list of scores.")
    # A server before 0.4 has averages where a newer one has the median run; -1 stands for “not measured”.
    by_name: dict[str, dict[str, float]] = {f"category_{category}_average": {}, f"category_{category}_median": {}}
    for one in found:
        name, url, value = dig(one, "name"), dig(one, "url"), dig(one, "value")
        measured = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
        if name in by_name and isinstance(url, str) and measured:
            by_name[name][url] = float(value) * 100
    old, new = by_name.values()
    return new or old
