"""What the page of a service shows: what is live in each environment, what holds it, its history. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.utils.dateparse import parse_datetime

from apps.accounts.seeing import EVERYTHING, Sight, within
from apps.deployments.models import Environment, Freeze, Pin, Service
from apps.deployments.suspecting import changes_of
from apps.deployments.targets import Target, known_good


@dataclass(frozen=True)
class Line:
    """One deployment of the history."""

    target: Target
    changes: str

    @property
    def holding(self) -> int:
        """How many of the four tests hold, the one about the issue left out where there is none."""
        return sum(test.result is True for test in self.tests)

    @property
    def tests(self) -> list[Any]:
        """The tests that can be answered without an issue."""
        return [test for test in self.target.tests if test.name != "before_the_issue"]


@dataclass(frozen=True)
class Shown:
    """One environment of the page. `host` is what the hosting provider answered last, in sentences."""

    environment: Environment
    pin: Pin | None
    freezes: Sequence[Freeze]
    lines: Sequence[Line]
    host: HostShown | None

    @property
    def way_back(self) -> Target | None:
        """The newest target that is known to be good, or None."""
        return next((line.target for line in self.lines if line.target.known_good), None)


@dataclass(frozen=True)
class HostShown:
    """The last answer of the host: when, and where it differs from what is on record here."""

    name: str
    at: Any
    problem: str
    differs: str


def shown_environments(service: Service, sight: Sight = EVERYTHING) -> list[Shown]:
    """Return what the page shows of each environment in sight. Asks nobody outside: the last answers are on record."""
    pins = Pin.objects.filter(lifted_at=None).select_related("deployment")
    rows = (
        within(service.environments.select_related("service", "live"), sight)
        .prefetch_related("connections__connection", Prefetch("pins", pins, "open_pins"))
        .order_by("created_at")
    )
    freezes = list(
        Freeze.objects.active()
        .filter(organisation_id=service.organisation_id)
        .select_related("service", "environment__service", "created_by")
        .order_by("created_at")
    )
    return [_shown(row, freezes) for row in rows]


def _shown(environment: Any, freezes: Sequence[Freeze]) -> Shown:
    targets = known_good(environment, ask=False)
    return Shown(
        environment=environment,
        pin=environment.open_pins[0] if environment.open_pins else None,
        freezes=[one for one in freezes if one.covers(environment)],
        lines=[Line(target, changes_of(target.deployment)) for target in targets],
        host=_host(environment, targets),
    )


def _host(environment: Any, targets: Sequence[Target]) -> HostShown | None:
    said = environment.host_says
    if not said:
        return None
    at = parse_datetime(said["at"])
    # An answer from before the last change here says nothing about it.
    since = [moment for moment in (environment.live_since, *(pin.since for pin in environment.open_pins)) if moment]
    counts = not said["problem"] and at is not None and all(at > moment for moment in since)
    return HostShown(said["host"], at, said["problem"], _differs(environment, targets) if counts else "")


def _differs(environment: Any, targets: Sequence[Target]) -> str:
    """Say where the host and our record disagree: what is live, or a pin that somebody set or took off elsewhere."""
    said, live, pins = environment.host_says, environment.live, environment.open_pins
    if said["live"] and (live is None or said["live"] != live.reference):
        what = _version(said["live"], targets)
        return f"{said['host']} serves {what}, according to {said['source']}; on record is {live or 'nothing'}."
    if said["pinned"] and not pins:
        what = _version(said["pinned"], targets)
        return f"{said['host']} keeps production on {what} after a rollback that is not on record here."
    if pins and not said["pinned"]:
        return f"{said['host']} no longer keeps production pinned: new releases go live again."
    return ""


def _version(reference: str, targets: Sequence[Target]) -> str:
    known = {target.deployment.reference: target.deployment.version for target in targets}
    return known.get(reference, f"{reference}, which is not registered here")
