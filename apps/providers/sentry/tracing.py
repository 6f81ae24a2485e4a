"""Read the share of failed requests and their p95 from Sentry's spans: only projects that send traces have them.

Failed requests are counted and divided by all that have a status: Sentry's own `failure_rate()` answers 500 in some
versions (github.com/getsentry/sentry/issues/103965), and spans without a status would make it look healthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, Check, CheckResult, ProviderError
from apps.providers.endings import dig
from apps.providers.examining import finite, measured, unreadable
from apps.providers.sentry.counting import added_up, series
from apps.providers.sentry.wire import ask, organisation_path, project

REQUESTS = "is_transaction:true"
WITH_STATUS = "has:span.status"
FAILED = "!span.status:[ok,cancelled,unknown]"  # Sentry's own definition of a failed transaction
DURATION = "p95(span.duration)"


def failed_share(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many of 100 requests failed in the window. Raises ProviderError."""
    every = series(access, given, "spans", _search(given, WITH_STATUS))
    failed = series(access, given, "spans", _search(given, WITH_STATUS, FAILED))
    both = every.keys() & failed.keys()  # the two were read one after the other
    total = added_up(given, {begins: every[begins] for begins in both})
    bad = added_up(given, {begins: failed[begins] for begins in both})
    if total and bad and total.events:
        value, samples = 100 * bad.events / total.events, int(total.events)
        return measured(check, given, value, samples=samples, window_seconds=total.seconds, as_of=total.until)
    without = added_up(given, series(access, given, "spans", _search(given)))
    if without and without.events:
        text = f"{check.title}: none of the {without.events:.0f} requests has a status, so nobody knows which failed."
        return unreadable(f"{text} Look how the application reports its traces to Sentry.")
    return measured(check, given, None)


def p95(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many milliseconds 95 of 100 requests stay under. Raises ProviderError."""
    query = {
        "dataset": "spans",
        "statsPeriod": f"{max(1, round(float(given['window_minutes'])))}m",
        "project": project(access),
        "environment": given.get("environment") or access.settings.get("environment"),
        "query": _search(given),
    }
    path = f"{organisation_path(access)}/events/?field={DURATION}&field=count()"
    rows = dig(ask(access, path, query, "The duration of requests"), "data")
    if not isinstance(rows, list):
        raise ProviderError("Sentry answered with something that is not a table of requests.")
    samples = int(finite(dig(rows, 0, "count()")) or 0)
    return measured(check, given, finite(dig(rows, 0, DURATION)) if samples else None, samples=samples)


def _search(given: Mapping[str, Any], *more: str) -> str:
    return " ".join(part for part in (REQUESTS, *more, given.get("query") or "") if part)
