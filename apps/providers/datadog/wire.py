"""How Datadog's API is spoken: two keys, metric queries over explicit times, events found by their tag.

Sources: DataDog/datadog-api-client-python (v1 metrics, events, authentication; retry by X-Ratelimit-Reset).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api, Query, credential
from apps.providers.endings import dig
from apps.providers.examining import finite

INTERVALS = (60, 300, 600, 1800, 3600, 14400, 86400)  # seconds of one point
MOST_POINTS = 1440
LATE_SECONDS = 60  # the last minute is not whole yet
LOOK_BACK_SECONDS, LOOK_AHEAD_SECONDS = 86_400, 300  # where an event of ours can be
MOST_PAGES = 20

API = Api(
    "Datadog",
    "https://api.datadoghq.com",  # api.datadoghq.eu, api.us5.datadoghq.com … are the other sites
    lambda access: {
        "DD-API-KEY": credential(access, "api_key", "Datadog"),
        "DD-APPLICATION-KEY": credential(access, "app_key", "Datadog"),
    },
)


@dataclass(frozen=True)
class Window:
    """The times that a query is about (epoch seconds), and of how many seconds each point is."""

    since: int
    until: int
    interval: int


def window(minutes: float, now: float | None = None) -> Window:
    """Return the window of so many minutes that ended a minute ago, at a point's edge."""
    seconds = minutes * 60
    interval = next((size for size in INTERVALS if seconds / size <= MOST_POINTS), INTERVALS[-1])
    until = int(((now or time.time()) - LATE_SECONDS) // interval * interval)
    return Window(int(until - max(seconds, interval)), until, interval)


def points(access: Access, over: Window, query: str, what: str) -> list[tuple[float, float]]:
    """Return the points of the one series of a query: (epoch seconds, value); empty where nothing was reported.

    Raises ProviderError, also for an error that Datadog tells with 200.
    """
    body = ask(access, "/api/v1/query", {"from": over.since, "to": over.until, "query": query}, what)
    series = dig(body, "series")
    if not isinstance(series, list):
        raise ProviderError(f"{what} could not be read: Datadog answered with something that is no time series.")
    if len(series) > 1:
        raise ProviderError(f"{what} has {len(series)} series. Leave out “by {{…}}”, so that it has one.")
    if not series:
        return []
    step = finite(dig(series, 0, "interval")) or over.interval
    if step > over.until - over.since:
        text = (
            f"{what}: Datadog answers in points of {step / 60:g} minutes, longer than the window. Choose a longer one."
        )
        raise ProviderError(text)
    found = [(finite(dig(one, 0)), finite(dig(one, 1))) for one in dig(series, 0, "pointlist") or []]
    inside = [(at / 1000, value) for at, value in found if at is not None and value is not None]
    return [(at, value) for at, value in inside if over.since <= at < over.until]


def ask(access: Access, path: str, query: Query | None, what: str) -> Any:
    """Return the body of a page. Raises ProviderError (Denied for a definitive no)."""
    answer = API.read(access, path, query)
    if not answer.ok:
        raise API.unreadable(access, answer, what)
    body = answer.json()
    if dig(body, "status") == "error" or dig(body, "error"):
        raise ProviderError(f"{what} could not be read. Datadog says: “{API.said(access, answer) or 'an error'}”.")
    return body


def events(access: Access, tag: str) -> Iterator[Any]:
    """Yield the events of the last day that carry a tag, until a page holds none that is new. Raises ProviderError."""
    seen: set[str] = set()
    now = int(time.time())
    times = {"start": now - LOOK_BACK_SECONDS, "end": now + LOOK_AHEAD_SECONDS}
    for page in range(MOST_PAGES):
        query: Query = {**times, "tags": tag, "unaggregated": "true", "page": page}
        found = dig(ask(access, "/api/v1/events", query, "The events"), "events")
        if not isinstance(found, list):
            raise ProviderError("The events could not be read: Datadog answered with something that is not a list.")
        fresh = [one for one in found if str(dig(one, "id") or one) not in seen]
        if not fresh:
            return
        seen.update(str(dig(one, "id") or one) for one in fresh)
        yield from fresh
    raise ProviderError(f"There are more than {MOST_PAGES} pages of events; the rest was not read.")
