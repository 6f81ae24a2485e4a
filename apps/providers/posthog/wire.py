"""How PostHog's private API is spoken: a personal key, HogQL queries that are never taken from a cache, lists in pages.

Sources: posthog.com/docs/api (queries, annotations), PostHog/posthog.com contents/docs/api/queries.mdx.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, credential, segment
from apps.providers.endings import dig, quoted
from apps.providers.redaction import redact, secrets_in

POLL_SECONDS = 0.5
MOST_POLLS = 20  # PostHog gives a query ten seconds
PAGE, MOST_PAGES = 100, 20

API = Api(
    "PostHog",
    "https://us.posthog.com",  # eu.posthog.com, or one's own; never the host that events are sent to
    lambda access: {"Authorization": f"Bearer {credential(access, 'api_key', 'PostHog')}"},
)


def project_path(access: Access) -> str:
    """Return the path of the connection's project. Raises ProviderError."""
    return f"/api/projects/{segment(access.settings.get('project_id'), 'a project id')}"


def row(access: Access, hogql: str, values: Mapping[str, Any]) -> list[Any]:
    """Return the one row of a query, computed now. Raises ProviderError."""
    body = {
        "query": {"kind": "HogQLQuery", "query": hogql, "values": dict(values)},
        "name": "rollback-portal",
        "refresh": "force_blocking",
    }
    path = f"{project_path(access)}/query/"
    answer = API.read(access, path, method="POST", body=body)
    if not answer.ok:
        raise API.unreadable(access, answer, "The query")
    told = answer.json()
    if dig(told, "query_status") and not isinstance(dig(told, "results"), list):
        told = _awaited(access, path, told["query_status"])
    if dig(told, "is_cached"):
        since = quoted(dig(told, "last_refresh"))
        raise ProviderError(f"PostHog answered from its cache of {since}, though it was asked to compute. Ask again.")
    found = dig(told, "results", 0)
    if not isinstance(found, list):
        raise ProviderError("PostHog answered with something that is not the result of a query.")
    return found


def listed(access: Access, path: str, query: Mapping[str, str], what: str) -> Iterator[Any]:
    """Yield every item of a paged list. Raises ProviderError, also for one that does not end.

    A server may give fewer items than it was asked for, so the next page begins behind those that came.
    """
    seen = 0
    for _ in range(MOST_PAGES):
        answer = API.read(access, path, {**query, "limit": PAGE, "offset": seen or None})
        if not answer.ok:
            raise API.unreadable(access, answer, what)
        items = dig(answer.json(), "results")
        if not isinstance(items, list):
            raise ProviderError(f"{what} could not be read: PostHog answered with something that is not a list.")
        yield from items
        seen += len(items)
        if not items or not dig(answer.json(), "next"):
            return
    raise ProviderError(f"{what} is longer than {MOST_PAGES} pages; the rest was not read.")


def _awaited(access: Access, path: str, status: Any) -> Any:
    """Ask for the result of a query that PostHog does by itself, until it is complete."""
    name = segment(dig(status, "id"), "a query's id", 100)
    for _ in range(MOST_POLLS):
        if dig(status, "error"):
            said = quoted(redact(str(dig(status, "error_message") or "no reason"), secrets_in(access.credentials)))
            raise ProviderError(f"PostHog could not compute the query. It says: “{said}”.")
        if dig(status, "complete"):
            return dig(status, "results")
        time.sleep(POLL_SECONDS)
        answer = API.read(access, f"{path}{name}/")
        if not answer.ok:
            raise API.unreadable(access, answer, "The result of the query")
        status = dig(answer.json(), "query_status")
    raise ProviderError(f"PostHog did not compute the query within {MOST_POLLS * POLL_SECONDS:g} s.")
