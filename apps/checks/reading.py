"""Numbers out of the outside probe: the series of the chart and the few figures beside it. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.utils import timezone

from apps.checks.models import ProbeRound
from apps.deployments.models import Environment
from apps.incidents.picture import Point, Readings

POINTS = 240  # at most so many points in a chart
ROUND = timedelta(seconds=10)  # the usual probe
NOW = timedelta(seconds=9)  # "now" is the newest round, as the chart's last point is
SILENCE = timedelta(seconds=60)  # without a round for so long the line of the chart breaks off
FRESH = timedelta(seconds=90)  # an older newest round is not "now" any more
BEFORE = timedelta(hours=1)  # "before the release" is the hour before it went live


def error_series(environment: Environment, since: datetime, until: datetime | None = None) -> list[Point]:
    """Return (moment, failed percent) from `since` on, oldest first, thinned to what a chart can show.

    Where nothing was measured for a while, a point without a value keeps the line from pretending.
    """
    until = until or timezone.now()
    bucket = max(ROUND.total_seconds(), (until - since).total_seconds() / POINTS)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT max(at), 100.0 * sum(failures) / nullif(sum(requests), 0) FROM checks_proberound
               WHERE environment_id = %s AND at >= %s AND at <= %s
               GROUP BY date_bin(make_interval(secs => %s), at, %s) ORDER BY 1""",
            [environment.pk, since, until, bucket, since],
        )
        found = [(at, float(percent)) for at, percent in cursor.fetchall() if percent is not None]
    return list(_with_gaps(found, max(SILENCE, timedelta(seconds=4 * bucket))))


def lately(environment_id: Any, since: datetime) -> tuple[float, int] | None:
    """Return which share of the requests since then failed (0 to 100) and in how many rounds; None without rounds."""
    total = ProbeRound.objects.filter(environment_id=environment_id, at__gte=since).aggregate(
        failed=Sum("failures"), made=Sum("requests"), rounds=Count("pk", filter=Q(failures__gt=0))
    )
    return (100.0 * total["failed"] / total["made"], total["rounds"]) if total["made"] else None


def readings(environment: Environment, before: datetime | None = None, now: datetime | None = None) -> Readings:
    """Return the figures beside the chart. `before` is when the suspect release went live. Two queries."""
    now = now or timezone.now()
    newest = ProbeRound.objects.filter(environment=environment).order_by("-at").first()
    if newest is None:
        return Readings(None, None, None, None, "", None, stale=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT 100.0 * sum(failures) FILTER (WHERE at > %(recent)s)
                        / nullif(sum(requests) FILTER (WHERE at > %(recent)s), 0),
                      max(slowest_ms) FILTER (WHERE at > %(recent)s),
                      percentile_cont(0.5) WITHIN GROUP (ORDER BY 100.0 * failures / nullif(requests, 0))
                        FILTER (WHERE at < %(before)s),
                      percentile_cont(0.5) WITHIN GROUP (ORDER BY slowest_ms) FILTER (WHERE at < %(before)s)
               FROM checks_proberound WHERE environment_id = %(environment)s
                 AND (at > %(recent)s OR (at >= %(from)s AND at < %(before)s))""",
            {
                "environment": environment.pk,
                "recent": newest.at - NOW,
                "before": before or newest.at - NOW,
                "from": (before or newest.at - NOW) - BEFORE,
            },
        )
        percent, slowest, before_percent, before_slowest = cursor.fetchone()
    return Readings(
        None if percent is None else float(percent),
        before_percent,
        slowest,
        None if before_slowest is None else round(before_slowest),
        newest.version,
        newest.at,
        stale=now - newest.at > FRESH,
        detail=newest.detail,
    )


def _with_gaps(points: list[tuple[datetime, float]], longest: timedelta) -> Iterator[Point]:
    before: datetime | None = None
    for at, percent in points:
        if before and at - before > longest:
            yield before + longest, None
        yield at, percent
        before = at
