"""Read the share of sessions without a crash: Sentry counts sessions by the hour and no finer.

Source: GET …/sessions/ of the API; the interval is at least one hour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.providers.base import Access, Check, CheckResult, ProviderError
from apps.providers.declaring import moment
from apps.providers.endings import dig
from apps.providers.examining import finite, measured
from apps.providers.sentry.wire import ask, organisation_path, project

RATE, SESSIONS = "crash_free_rate(session)", "sum(session)"


def crash_free(check: Check, access: Access, given: Mapping[str, Any]) -> CheckResult:
    """Return how many of 100 sessions did not crash, over the whole hours that hold the window. Raises ProviderError.

    The running hour is one of them, so one more is asked for than the window has.
    """
    query = {
        "statsPeriod": f"{math.ceil(float(given['window_minutes']) / 60) + 1}h",
        "interval": "1h",
        "includeSeries": 0,
        "project": project(access),
        "environment": given.get("environment") or access.settings.get("environment"),
        "query": f"release:{given['release']}" if given.get("release") else "",
    }
    path = f"{organisation_path(access)}/sessions/?field={RATE}&field={SESSIONS}"
    body = ask(access, path, query, "The health of sessions")
    groups = dig(body, "groups")
    if not isinstance(groups, list):
        raise ProviderError("Sentry answered with something that is not statistics of sessions.")
    samples = int(finite(dig(groups, 0, "totals", SESSIONS)) or 0)
    share = finite(dig(groups, 0, "totals", RATE))
    since, until = (moment(str(dig(body, end))) for end in ("start", "end"))
    seconds = (until - since).total_seconds() if since and until else None
    as_of = min(until, datetime.now(UTC)) if until else None
    value = 100 * share if share is not None and samples else None
    return measured(check, given, value, samples=samples, window_seconds=seconds, as_of=as_of)
