"""Count errors of the last minutes from Sentry's timeseries, and doubt a fall where Sentry threw errors away.

Source: GET …/events-timeseries/ and …/stats_v2/ of the API; the last bucket may be marked `incomplete`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from apps.providers.base import Access, Check, CheckResult, ProviderError
from apps.providers.endings import dig
from apps.providers.examining import finite, measured, unreadable
from apps.providers.sentry.wire import ask, organisation_path, project

MOST_BUCKETS = 1440
INTERVALS = (60, 300, 900, 1800, 3600, 14400, 86400)  # seconds
LATE_SECONDS = 300
SPARE_BUCKETS = 5  # as many of the newest ones may still be incomplete
THROWN_AWAY = ("rate_limited", "abuse", "cardinality_limited")


@dataclass(frozen=True)
class Counted:
    """What the complete buckets of a window hold; `until` is when the newest of them ended."""

    events: float
    seconds: float
    until: datetime


def errors(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many error events came in the window. Raises ProviderError."""
    counted = added_up(given, series(access, given, "errors", given.get("query") or ""))
    if counted is None:
        return measured(check, given, None)
    if not counted.events and given.get("below") is not None and not _speaks(access, given):
        text = "no error of the last 24 hours either, so whether the application still reports is not known"
        return unreadable(f"{check.title}: Sentry has {text}.")
    result = measured(
        check, given, counted.events, samples=int(counted.events), window_seconds=counted.seconds, as_of=counted.until
    )
    return _doubted(access, given, result)


def series(access: Access, given: Mapping[str, Any], dataset: str, search: str) -> dict[float, float]:
    """Return the count of each complete bucket by its beginning (epoch seconds). Raises ProviderError."""
    interval = _interval(given)
    query = {
        "dataset": dataset,
        "yAxis": "count()",
        "statsPeriod": f"{math.ceil((_asked(given) + SPARE_BUCKETS * interval) / 60)}m",
        "interval": interval,
        "project": project(access),
        "environment": given.get("environment") or access.settings.get("environment"),
        "query": search,
    }
    body = ask(access, f"{organisation_path(access)}/events-timeseries/", query, "The figures of the last minutes")
    found = dig(body, "timeSeries")
    values = dig(found, 0, "values") if found != [] else []
    if not isinstance(values, list):
        raise ProviderError("Sentry answered with something that is not a series of counts.")
    return {
        begins / 1000: count
        for one in values
        if dig(one, "incomplete") is not True
        and (begins := finite(dig(one, "timestamp"))) is not None
        and (count := finite(dig(one, "value"))) is not None
    }


def added_up(given: Mapping[str, Any], counts: Mapping[float, float]) -> Counted | None:
    """Add up the newest buckets that make up the window; None where Sentry has not enough of them.

    Raises ProviderError where even the newest is so old that it says nothing of now.
    """
    asked, begins = _asked(given), sorted(counts)
    spacing = min((b - a for a, b in pairwise(begins)), default=_interval(given))
    needed = math.ceil(asked / spacing)
    if spacing > asked or len(begins) < needed:
        return None
    newest = begins[-needed:]
    if newest[-1] - newest[0] > (needed - 0.5) * spacing:
        return None  # some are missing in between, and what they held is not known
    until = datetime.fromtimestamp(newest[-1] + spacing, UTC)
    if datetime.now(UTC) - until > timedelta(seconds=LATE_SECONDS + SPARE_BUCKETS * spacing):
        text = f"The newest complete figure in Sentry is of {until:%Y-%m-%d %H:%M} UTC, so nothing is known of now."
        raise ProviderError(text)
    return Counted(sum(counts[one] for one in newest), needed * spacing, until)


def thrown_away(access: Access, hours: int = 1) -> float:
    """Return how many errors of the last hours Sentry did not keep: quota, rate limit, abuse. Raises ProviderError."""
    query = {
        "field": "sum(quantity)",
        "groupBy": "outcome",
        "category": "error",
        "statsPeriod": f"{hours}h",
        "interval": "1h",
        "project": project(access),
    }
    body = ask(access, f"{organisation_path(access)}/stats_v2/", query, "The statistics of accepted events")
    groups = dig(body, "groups")
    if not isinstance(groups, list):
        raise ProviderError("Sentry answered with something that is not statistics of events.")
    lost = [dig(one, "totals", "sum(quantity)") for one in groups if dig(one, "by", "outcome") in THROWN_AWAY]
    return sum(finite(number) or 0 for number in lost)


def _speaks(access: Access, given: Mapping[str, Any]) -> bool:
    """Say whether any error came in the last day, whatever the search: Sentry fills silence with zeros."""
    query = {
        "field": "count()",
        "dataset": "errors",
        "statsPeriod": "24h",
        "project": project(access),
        "environment": given.get("environment") or access.settings.get("environment"),
    }
    body = ask(access, f"{organisation_path(access)}/events/", query, "The errors of the last day")
    return bool(finite(dig(body, "data", 0, "count()")))


def _asked(given: Mapping[str, Any]) -> float:
    return float(given["window_minutes"]) * 60


def _interval(given: Mapping[str, Any]) -> int:
    return next((size for size in INTERVALS if _asked(given) / size <= MOST_BUCKETS), INTERVALS[-1])


def _doubted(access: Access, given: Mapping[str, Any], result: CheckResult) -> CheckResult:
    """Take back a "holds" that may only mean that Sentry kept fewer errors than there were."""
    try:
        lost = thrown_away(access, max(1, math.ceil(float(given["window_minutes"]) / 60)))
    except ProviderError as error:
        text = f"Whether Sentry threw errors away is not known: {error}"
        return replace(result, readings=(*result.readings, ("unknown", text)))
    if not lost:
        return result
    text = f"Sentry threw {lost:.0f} errors away in this hour (quota or rate limit), so there were more than it counts."
    holds = None if result.holds and given.get("below") is not None else result.holds
    return replace(
        result, holds=holds, message=f"{result.message} {text}", readings=(*result.readings, ("unknown", text))
    )
