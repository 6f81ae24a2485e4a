"""The ways out of an incident beside each other: this plan, an older target, a part of it, going forward, nothing.

Every figure comes from the plan, the playbook or what was measured; where nobody can say, it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.deployments.models import Deployment
from apps.deployments.targets import known_good
from apps.incidents.picture import Picture
from apps.rollbacks.models import Rollback
from apps.rollbacks.planned_words import is_final

NOBODY = "nobody can say"


@dataclass(frozen=True)
class Way:
    """One way out. `healthy_at` is when it would be over if begun now; without it `healthy` says why nobody knows."""

    name: str
    lost: str
    undo: str
    stays: str
    healthy: str = ""
    healthy_at: datetime | None = None
    takes: timedelta | None = None
    this: bool = False


def ways_out(
    rollback: Rollback, plan: Mapping[str, Any], seen: Picture, takes: timedelta, healthy_at: datetime | None
) -> list[Way]:
    """Return the ways out while people decide, this plan first; none for going forward again. One query."""
    if rollback.kind != "rollback" or rollback.approved_at is not None:
        return []
    found = [_this(rollback, plan, takes, healthy_at)]
    if flags := _flags_only(plan):
        found.append(flags)
    if older := _older(rollback):
        found.append(_further(rollback, older, plan, takes, healthy_at))
    return [*found, _forward(rollback, seen), _nothing(seen)]


def _this(rollback: Rollback, plan: Mapping[str, Any], takes: timedelta, healthy_at: datetime | None) -> Way:
    return Way(
        name=f"Roll back to {rollback.target.version}",
        lost=_lost(plan),
        undo=_undo(rollback, plan),
        stays="What fails now, until it is proven",
        healthy_at=healthy_at,
        takes=takes,
        this=True,
    )


def _flags_only(plan: Mapping[str, Any]) -> Way | None:
    """Return the way of only turning the release's flags off, where the plan does that and more."""
    acting = [step for step in plan["steps"] if step["kind"] == "action"]
    steps = [step for step in acting if step.get("role") == "flags" and not is_final(step)]
    more = any(step.get("serves_traffic") for step in plan["steps"])
    if not steps or not more:
        return None
    count = sum(len(step.get("parts", [])) for step in steps)
    return Way(
        name=f"Only turn off {count} flag{'' if count == 1 else 's'} of the release",
        lost="Nothing is deleted",
        undo="Turn them on again",
        stays="Whatever the release changed outside its flags",
        healthy="not proven",
        takes=timedelta(seconds=sum(step["usual_seconds"] for step in steps)),
    )


def _further(
    rollback: Rollback, older: Deployment, plan: Mapping[str, Any], takes: timedelta, healthy_at: datetime | None
) -> Way:
    return Way(
        name=f"Roll back further, to {older.version}",
        lost=f"The same, and what {rollback.target.version} changed goes too",
        undo=_undo(rollback, plan),
        stays="What fails now, until it is proven; it needs a plan of its own",
        healthy="later: it is planned and agreed on first",
        takes=takes,
    )


def _forward(rollback: Rollback, seen: Picture) -> Way:
    live = rollback.previous.version if rollback.previous else "what is live"
    return Way(
        name=f"Fix {live} and go forward",
        lost="Nothing is taken back",
        undo="As any release",
        stays=_failing(seen),
        healthy=NOBODY,
    )


def _nothing(seen: Picture) -> Way:
    return Way(
        name="Do nothing", lost="Nothing is taken back", undo="Nothing to undo", stays=_failing(seen), healthy=NOBODY
    )


def _failing(seen: Picture) -> str:
    if not seen.failing or seen.readings.now_percent is None:
        return "What fails now goes on failing"
    return f"About {seen.readings.now_percent:.0f} % of requests go on failing"


def _lost(plan: Mapping[str, Any]) -> str:
    losses = plan["losses"]
    if not losses:
        return "Nothing is lost"
    return losses[0] if len(losses) == 1 else f"{losses[0].rstrip('.')}, and {len(losses) - 1} more"


def _undo(rollback: Rollback, plan: Mapping[str, Any]) -> str:
    final = next((step["position"] for step in plan["steps"] if is_final(step)), None)
    live = rollback.previous.version if rollback.previous else "the newer version"
    if final is None:
        return f"Go forward to {live} again"
    return f"Until step {final} everything; from then on go forward to {live}, what is lost stays lost"


def _older(rollback: Rollback) -> Deployment | None:
    """Return the newest known-good deployment from before the target, as far as is stored; asks no host."""
    before = rollback.target.deployed_at
    for target in known_good(rollback.environment, rollback.incident.started_at, ask=False):
        if target.known_good and target.deployment.deployed_at < before:
            return target.deployment
    return None
