"""Measure what people did: how many came, how many of their sessions met an exception, how slow their pages were.

Every query also counts all events of the window: when there are none at all, reporting is silent and nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, Check, CheckResult
from apps.providers.declaring import moment
from apps.providers.examining import finite, measured
from apps.providers.posthog.wire import row

EXCEPTION, VITALS = "$exception", "$web_vitals"
VITAL_NAMES = ("LCP", "FCP", "INP")


def active_users(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many people did anything in the window. Raises ProviderError."""
    people, *about = _asked(access, given, "uniq(person_id)")
    return _told(check, given, people, about, about[0])


def events(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how often an event happened. Raises ProviderError."""
    count, *about = _asked(access, given, "countIf(event = {event})", event=given["event"])
    return _told(check, given, count, about, about[0])


def failed_sessions(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many of 100 sessions met an exception. Raises ProviderError."""
    wanted = "uniqIf($session_id, event = {event}), uniq($session_id)"
    failed, sessions, *about = _asked(access, given, wanted, event=EXCEPTION)
    share = 100 * failed / sessions if failed is not None and sessions else None
    return _told(check, given, share, about, sessions)


def web_vital_p95(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many milliseconds 95 of 100 page loads stay under. Raises ProviderError."""
    name = f"$web_vitals_{given.get('vital') or VITAL_NAMES[0]}_value"
    wanted = f"quantileIf(0.95)(toFloat(properties.{name}), event = {{event}}), countIf(event = {{event}})"
    p95, loads, *about = _asked(access, given, wanted, event=VITALS)
    return _told(check, given, p95 if loads else None, about, loads)


def _asked(access: Access, given: Mapping[str, Any], wanted: str, **values: Any) -> list[Any]:
    """Return the wanted numbers, the number of all events of the window, and when the newest of them happened."""
    seconds = round(float(given["window_minutes"]) * 60)
    where = f"timestamp > now() - interval {seconds} second and timestamp <= now()"
    if host := access.settings.get("host"):
        where += " and properties.$host = {host}"
        values["host"] = host
    asked = f"select {wanted}, count(), max(timestamp) from events where {where}"  # nosec B608 # names of ours; values are bound
    found = row(access, asked, values)
    *numbers, newest = found
    return [*(finite(number) for number in numbers), newest]


def _told(
    check: Check, given: Mapping[str, Any], value: float | None, about: list[Any], samples: float | None
) -> CheckResult:
    every, newest = about
    known = value if every else None
    return measured(check, given, known, samples=int(samples or 0), as_of=moment(str(newest)) if every else None)
