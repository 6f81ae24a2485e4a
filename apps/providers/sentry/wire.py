"""How Sentry's API is spoken: one organisation, a token of an internal integration, pages behind a cursor.

Sources: getsentry/sentry-api-schema (OpenAPI), docs.sentry.io/api (auth, rate limits, pagination).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential, segment
from apps.providers.endings import quoted
from apps.providers.http import Answer

MOST_PAGES = 20
LONGEST_VERSION = 200
NEXT_PAGE = re.compile(r'rel="next"[^,]*results="true"[^,]*cursor="([^"]+)"')

API = Api(
    "Sentry",
    "https://sentry.io",  # us.sentry.io and de.sentry.io are the regions; self-hosted has its own
    lambda access: {"Authorization": f"Bearer {credential(access, 'token', 'Sentry')}"},
)


def organisation_path(access: Access) -> str:
    """Return the path of the connection's organisation. Raises ProviderError."""
    return f"/api/0/organizations/{segment(access.settings.get('organization'), 'an organization slug')}"


def project(access: Access) -> str:
    """Return the slug of the connection's project. Raises ProviderError."""
    return segment(access.settings.get("project"), "a project slug")


def release_path(access: Access, version: str) -> str:
    """Return the path of one release: versions hold signs such as “@” and “/”. Raises ProviderError."""
    if problem := version_problem(version):
        raise ProviderError(problem)
    return f"{organisation_path(access)}/releases/{quote(version, safe='')}/"


def version_problem(version: str) -> str:
    """Return why Sentry would not take this as a version, or an empty text."""
    if not version.strip() or version != version.strip() or not version.isprintable() or version in (".", ".."):
        return f"“{quoted(version)}” cannot be the version of a release."
    if len(version) > LONGEST_VERSION:
        return f"The version is longer than {LONGEST_VERSION} characters."
    return ""


def ask(access: Access, path: str, query: Query | None = None, what: str = "") -> Any:
    """Return the body of a page. Raises ProviderError (Denied for a definitive no)."""
    return _whole(access, API.read(access, path, query), what or path).json()


def listed(access: Access, path: str, what: str) -> Iterator[Any]:
    """Yield every item of a list, page after page. Raises ProviderError, also for a list that does not end."""
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = _whole(access, API.read(access, path, {"per_page": 100, "cursor": cursor}), what)
        items = answer.json()
        if not isinstance(items, list):
            raise ProviderError(f"{what} could not be read: Sentry answered with something that is not a list.")
        yield from items
        following = NEXT_PAGE.search(answer.headers.get("link", ""))
        if not following:
            return
        cursor = following[1]
    raise ProviderError(f"{what} is longer than {MOST_PAGES} pages; the rest was not read.")


def _whole(access: Access, answer: Answer, what: str) -> Answer:
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    return answer
