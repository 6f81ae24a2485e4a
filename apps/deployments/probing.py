"""Look at the host ahead of need: can the targets still be served, what is live, is production pinned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.deployments.hosted import HostSays, ask_host
from apps.deployments.models import Deployment, Environment
from apps.deployments.remembering import remember_variables
from apps.deployments.targets import SHOWN, look_up

EVERY = timedelta(minutes=5)
PATIENCE_SECONDS = 20.0


def probe_targets(environment: Environment, *, within_seconds: float = PATIENCE_SECONDS) -> HostSays | None:
    """Ask the host about every candidate and keep the answers; returns what it said, None without a host.

    An unreachable host changes no verdict: what was found before stays, with its age. Call it outside a
    transaction.
    """
    host = ask_host(environment, within_seconds=within_seconds)
    if host is None:
        return None
    Environment.objects.filter(pk=environment.pk).update(host_says=_kept(host))
    if host.problem:
        return host
    rows = list(environment.deployments.order_by("-deployed_at", "-pk")[:SHOWN])
    for row in rows:
        row.usable, row.usable_reason = look_up(row, host)
        row.checked_at = host.at
        hosted = host.listed.get(row.reference)
        if row.served_at is None and hosted and hosted.served_production:
            row.served_at = hosted.created_at or row.deployed_at
    Deployment.objects.bulk_update(rows, ["usable", "usable_reason", "checked_at", "served_at"])
    return host


def probe_due() -> int:
    """Probe every environment whose last look is older than five minutes; returns how many. Repeatable."""
    probed = 0
    for environment in _due():
        probe_targets(environment)
        remember_variables(environment)
        probed += 1
    return probed


def _due() -> list[Environment]:
    since = (timezone.now() - EVERY).isoformat()
    rows: QuerySet[Environment] = Environment.objects.filter(connections__role="hosting")
    rows = rows.prefetch_related("connections__connection")
    return [row for row in rows if row.host_says.get("at", "") < since]


def _kept(host: HostSays) -> dict[str, Any]:
    return {
        "host": host.host,
        "at": host.at.isoformat(),
        "live": host.live.reference if host.live else "",
        "source": host.live.source if host.live else "",
        "pinned": host.pinned.reference if host.pinned else "",
        "problem": host.problem[:500],
    }
