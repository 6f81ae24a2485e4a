"""Measure by metrics: the share of failed requests, their p95, or a metric of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, Check, CheckResult, ProviderError
from apps.providers.datadog.wire import Window, points, window
from apps.providers.endings import quoted
from apps.providers.examining import measured, unreadable

OPERATION = "http.request"
STALE_POINTS = 5  # newest points that may be missing before a source counts as silent
WORD = re.compile(r"[A-Za-z0-9_./-]{1,200}")
Points = list[tuple[float, float]]
OVER: dict[str, Callable[[list[float]], float]] = {
    "avg": lambda values: sum(values) / len(values),
    "max": max,
    "min": min,
    "sum": sum,
    "last": lambda values: values[-1],
}


def error_rate(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many of 100 requests failed. Raises ProviderError.

    A service that never failed reports no errors, which is 0; one that reports no requests is silent.
    """
    over = window(float(given["window_minutes"]))
    hits = points(access, over, counted(access, "hits", over), "The number of requests")
    total = sum(value for _, value in hits)
    if not total or _stale(over, hits):
        return _nothing(check, given, over, hits)
    failed = points(access, over, counted(access, "errors", over), "The number of failed requests")
    value = 100 * sum(value for _, value in failed) / total
    return _told(check, given, value, over, hits, round(total))


def latency_p95(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many milliseconds 95 of 100 requests stay under in the slowest point of the window.

    Raises ProviderError. Percentiles of parts cannot be put together to one of the whole.
    """
    over = window(float(given["window_minutes"]))
    found = points(access, over, f"p95:trace.{_operation(access)}{_scope(access)}.rollup({over.interval})", "The p95")
    if not found or _stale(over, found):
        return _nothing(check, given, over, found)
    return _told(check, given, 1000 * max(value for _, value in found), over, found, None)


def value(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return what a metric query of one's own comes to over the window. Raises ProviderError."""
    over = window(float(given["window_minutes"]))
    found = points(access, over, given["query"], "The query")
    if not found or _stale(over, found):
        return _nothing(check, given, over, found)
    number = OVER[given.get("over") or "avg"]([value for _, value in found])
    return _told(check, given, number, over, found, None)


def counted(access: Access, what: str, over: Window) -> str:
    """Return the query that counts hits or errors of the connection's service. Raises ProviderError."""
    return f"sum:trace.{_operation(access)}.{what}{_scope(access)}.as_count().rollup(sum, {over.interval})"


def _operation(access: Access) -> str:
    return _word(access, "operation", OPERATION)


def _scope(access: Access) -> str:
    tags = [f"{name}:{_word(access, name)}" for name in ("service", "env") if access.settings.get(name)]
    return "{" + (",".join(tags) or "*") + "}"


def _word(access: Access, setting: str, default: str = "") -> str:
    text = access.settings.get(setting) or default
    if not WORD.fullmatch(text):
        raise ProviderError(f"“{quoted(text)}” cannot be a name in Datadog: use letters, digits, “_”, “.”, “/”, “-”.")
    return text


def _stale(over: Window, found: Points) -> bool:
    return not found or over.until - found[-1][0] > (STALE_POINTS + 1) * over.interval


def _told(
    check: Check, given: Mapping[str, Any], number: float, over: Window, found: Points, samples: int | None
) -> CheckResult:
    until = datetime.fromtimestamp(min(found[-1][0] + over.interval, over.until), UTC)
    seconds = over.until - over.since
    return measured(check, given, number, samples=samples, window_seconds=seconds, as_of=until)


def _nothing(check: Check, given: Mapping[str, Any], over: Window, found: Points) -> CheckResult:
    """Say that nothing is known: no figures at all, or only old ones."""
    if not found:
        return measured(check, given, None, window_seconds=over.until - over.since)
    ago = (over.until - found[-1][0]) / 60
    text = (
        f"{check.title}: the newest figure in Datadog is {ago:.0f} min old or counts nothing, so nothing is known now."
    )
    return unreadable(text)
