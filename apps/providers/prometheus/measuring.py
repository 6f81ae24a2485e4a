"""Measure by expressions: a share, a percentile, or whatever number an expression of one's own has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apps.providers.base import Access, Check, CheckResult
from apps.providers.examining import measured, unreadable
from apps.providers.prometheus import expressions
from apps.providers.prometheus.wire import Reading, ask

EVERY, FAILED = '".+"', '"5.."'


def error_rate(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many of 100 requests failed. Raises ProviderError.

    The two are asked one by one: a service that never failed has no series of failures, which is 0 and not silence,
    but only while there are requests that carry the status label.
    """
    total = ask(access, expressions.requests(access, given, EVERY), "The number of requests")
    if not total.value:
        return _nothing(check, given, total, "no requests were counted")
    failed = ask(access, expressions.requests(access, given, FAILED), "The number of failed requests")
    if failed.why.startswith("the result"):
        return _nothing(check, given, failed, "")
    value = 100 * (failed.value or 0) / total.value
    return _told(check, given, value, total, round(total.value))


def latency_p95(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many milliseconds 95 of 100 requests stay under. Raises ProviderError."""
    made = ask(access, expressions.observed(access, given), "The number of durations")
    if not made.value:
        return _nothing(check, given, made, "no durations were observed")
    found = ask(access, expressions.quantile(access, given, 0.95), "The p95 of durations")
    if found.value is None:
        return _nothing(check, given, found, "")
    return _told(check, given, found.value * expressions.to_milliseconds(access), found, round(made.value))


def value(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return the number of an expression of one's own. Raises ProviderError."""
    expression = given["query"].replace(expressions.WINDOW, expressions.window(given))
    found = ask(access, expression, "The expression")
    if found.value is None:
        return _nothing(check, given, found, "")
    return _told(check, given, found.value, found, None)


def _told(check: Check, given: Mapping[str, Any], number: float, reading: Reading, samples: int | None) -> CheckResult:
    result = measured(check, given, number, samples=samples, as_of=reading.as_of)
    warnings = tuple(("unknown", f"Prometheus warns: {text}") for text in reading.warnings)
    return replace(result, readings=(*result.readings, *warnings))


def _nothing(check: Check, given: Mapping[str, Any], reading: Reading, otherwise: str) -> CheckResult:
    """Say that there is no number, and why: silence and NaN are never taken for health."""
    why = reading.why or otherwise
    return unreadable(f"{check.title}: Prometheus has no data over {float(given['window_minutes']):g} min; {why}.")
