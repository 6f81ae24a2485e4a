"""Which release may have caused the issue: the ones that went out shortly before it began come first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.deployments.models import Deployment, Environment

SHOWN = 5
LONG_AGO = timedelta(days=7)
CLOCKS_DIFFER = timedelta(minutes=15)  # a start that somebody estimated may lie before the release that caused it


@dataclass(frozen=True)
class Suspect:
    """A release and why it is suspected; `seconds_before` is negative when it came after the issue began."""

    deployment: Deployment
    seconds_before: float
    why: str


def suspects(environment: Environment, started_at: datetime) -> list[Suspect]:
    """Return the releases that may have caused an issue that began at `started_at`, the likeliest first.

    The last release before the issue is always there, however old; releases after it come last.
    """
    rows = environment.deployments.filter(deployed_at__lte=started_at + CLOCKS_DIFFER)
    newest = list(rows.order_by("-deployed_at", "-pk")[: SHOWN * 2])
    earlier = [row for row in newest if row.deployed_at <= started_at]
    later = [row for row in reversed(newest) if row.deployed_at > started_at]
    recent = [row for row in earlier[1:] if started_at - row.deployed_at < LONG_AGO]
    return [_suspect(row, started_at) for row in (*earlier[:1], *recent, *later)][:SHOWN]


def span(seconds: float) -> str:
    """Return a length of time in words with two units at most: 3 min 40 s, 2 h 05 min, 4 days."""
    whole = int(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole % 60 else f"{whole // 60} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} days"


def changes_of(deployment: Deployment) -> str:
    """Return in words what the release brought besides code: 2 flags, 1 migration …; empty for nothing."""
    counts = ((len(deployment.flags), "flag"), (len(deployment.migrations), "migration"),
              (len(deployment.env_changes), "changed variable"))  # fmt: skip
    said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return said[0] if len(said) == 1 else " and ".join((", ".join(said[:-1]), said[-1])) if said else ""


def _suspect(deployment: Deployment, started_at: datetime) -> Suspect:
    seconds = (started_at - deployment.deployed_at).total_seconds()
    changes = changes_of(deployment)
    brought = f" It brought {changes}." if changes else ""
    if seconds >= 0:
        why = f"The issue began {span(seconds)} after {deployment.version} went live.{brought}"
    else:
        why = (
            f"{deployment.version} went live {span(seconds)} after the issue began, "
            f"so it is a suspect only if that time is not exact.{brought}"
        )
    return Suspect(deployment, seconds, why)
