"""Where one can go back to: the known-good targets of an environment, and which one a text names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from apps.deployments.hosted import HostSays, ask_host
from apps.deployments.judging import Asked, Judged, judge
from apps.deployments.models import Deployment, Environment
from apps.deployments.suspecting import Suspect, suspects
from apps.timeline.answers import Unacceptable

__all__ = ["Suspect", "Target", "known_good", "resolve_target", "suspects"]

SHOWN = 20
FRESH = timedelta(hours=1)  # a check older than this is told as "not checked lately"


@dataclass(frozen=True)
class Target:
    """A deployment that one might go back to: four tests, its age, and whether the host still has it."""

    deployment: Deployment
    tests: tuple[Judged, ...]
    age: timedelta
    is_live: bool
    usable: bool | None
    usable_reason: str
    checked_at: datetime | None
    page: str = ""  # the provider's own page about it

    @property
    def known_good(self) -> bool:
        """Marked as good, nothing speaks against it, and it is not what runs now."""
        results = {test.name: test.result for test in self.tests}
        spoken_against = self.is_live or self.usable is False or False in results.values()
        return results["successful"] is True and not spoken_against

    @property
    def because(self) -> str:
        """The first reason why it is not known to be good, or an empty text."""
        if self.is_live:
            return "It is what runs now."
        if self.usable is False:
            return self.usable_reason
        failed = next((test.why for test in self.tests if test.result is False), "")
        return failed or ("" if self.known_good else "Nobody has marked it as good.")

    @property
    def state(self) -> str:
        """The state of a target mark: usable, unusable, unchecked or unknown."""
        return state_of(self.usable, self.checked_at)


def known_good(environment: Environment, before: datetime | None = None, *, ask: bool = True) -> list[Target]:
    """Return the latest deployments, newest first, with the four tests; `target.known_good` is the verdict.

    `before` is when the issue began. With `ask` the hosting provider is asked as well (at most 2.5 s,
    remembered for 5 s); the stored answers stand in where it does not answer.
    """
    host = ask_host(environment) if ask else None
    rows = environment.deployments.order_by("-deployed_at", "-pk")[:SHOWN]
    return [_target(row, environment, Asked(before, host)) for row in rows]


def resolve_target(
    environment: Environment, text: str | None, before: datetime | None = None, *, ask: bool = True
) -> Deployment:
    """Return the deployment that `text` (an id, the provider's reference or a version) names here.

    Without a text: the newest known-good one from before the issue that is not live; inside a transaction give
    `ask=False`, so that the host is not called. Raises Unacceptable
    when the text is ambiguous or names nothing here, or when there is nothing known to be good.
    """
    if text and text.strip():
        return _named(environment, text.strip())
    for target in known_good(environment, before, ask=ask):
        if target.known_good:
            return target.deployment
    raise Unacceptable(
        "No earlier deployment is known to be good. Name the target, or mark one as good.",
        code="no_known_good_target",
        field="target",
    )


def state_of(usable: bool | None, checked_at: datetime | None) -> str:
    """Return the state of a target mark for what the last look at the host found."""
    if checked_at is None:
        return "unknown"
    if usable is False:
        return "unusable"
    return "usable" if usable and timezone.now() - checked_at < FRESH else "unchecked"


def look_up(deployment: Deployment, host: HostSays | None) -> tuple[bool | None, str]:
    """Return whether the host can still serve the deployment, and a sentence why. None: it cannot tell."""
    if host is None:
        return None, "No hosting connection can tell whether it is still there."
    if host.problem:
        return None, host.problem
    hosted = host.listed.get(deployment.reference)
    if hosted:
        return (True, f"Ready at {host.host}.") if hosted.ready else (False, f"{host.host} says it is not ready.")
    if host.knows_all_since(deployment.deployed_at):
        return False, f"{host.host} no longer lists it among its ready deployments."
    return None, f"It is older than what {host.host} lists."


def _target(deployment: Deployment, environment: Environment, asked: Asked) -> Target:
    usable, reason, checked_at = deployment.usable, deployment.usable_reason, deployment.checked_at
    if asked.host and not asked.host.problem:
        (usable, reason), checked_at = look_up(deployment, asked.host), asked.host.at
    hosted = asked.host.listed.get(deployment.reference) if asked.host else None
    return Target(
        deployment=deployment,
        tests=judge(deployment, asked),
        age=timezone.now() - deployment.deployed_at,
        is_live=deployment.pk == environment.live_id,
        usable=usable,
        usable_reason=reason,
        checked_at=checked_at,
        page=hosted.page if hosted else "",
    )


def _named(environment: Environment, text: str) -> Deployment:
    rows = Deployment.objects.filter(environment=environment)
    if not text.isprintable():
        raise _unknown()
    for exact in (rows.filter(pk__in=_uuids(text)), rows.filter(reference=text)):
        if found := exact.first():
            return found
    versions = list(rows.filter(version=text)[:2])
    if len(versions) > 1:
        raise Unacceptable(
            f"More than one deployment here is called {text}. Give its reference.",
            code="ambiguous",
            field="target",
        )
    if not versions:
        raise _unknown()
    return versions[0]


def _unknown() -> Unacceptable:
    return Unacceptable("target: there is no such thing here.", code="unknown_reference", field="target")


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []
