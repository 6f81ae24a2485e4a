"""The four tests that a deployment has to pass before anybody should go back to it (S4-20). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.deployments.hosted import HostSays
from apps.deployments.models import Deployment


@dataclass(frozen=True)
class Judged:
    """One test: `result` is True (holds), False (does not) or None (nobody knows), `why` a sentence."""

    name: str
    title: str
    result: bool | None
    why: str

    @property
    def state(self) -> str:
        """The state of a finding mark."""
        return "unknown" if self.result is None else "ok" if self.result else "stop"


@dataclass(frozen=True)
class Asked:
    """What the tests compare with: when the issue began, and what the host said, where either is known."""

    before: datetime | None
    host: HostSays | None


def judge(deployment: Deployment, asked: Asked) -> tuple[Judged, ...]:
    """Return the four tests of a deployment, in the order in which people think of them."""
    return tuple(Judged(name, title, *test(deployment, asked)) for name, title, test in TESTS)


def _successful(deployment: Deployment, asked: Asked) -> tuple[bool | None, str]:
    if deployment.good is None:
        return None, "Nobody has marked it as good."
    return (
        deployment.good,
        "It was marked as good." if deployment.good else "It was marked as unfit to go back to.",
    )


def _before_the_issue(deployment: Deployment, asked: Asked) -> tuple[bool | None, str]:
    if asked.before is None:
        return None, "There is no issue to compare with."
    if deployment.deployed_at < asked.before:
        return True, "It was deployed before the issue started."
    return False, "It was deployed after the issue had started."


def _in_production(deployment: Deployment, asked: Asked) -> tuple[bool | None, str]:
    if deployment.served_at:
        return True, "It has served this environment before."
    hosted = asked.host.listed.get(deployment.reference) if asked.host else None
    if hosted is None or asked.host is None:
        return None, "Nobody saw it serve this environment."
    if hosted.served_production:
        return True, f"{asked.host.host} says that it has served production."
    return False, f"{asked.host.host} says that it has never served production."


def _preview_reviewed(deployment: Deployment, asked: Asked) -> tuple[bool | None, str]:
    if deployment.preview_reviewed is None:
        return None, "No review of its preview is on record."
    if deployment.preview_reviewed:
        return True, "Its preview was reviewed."
    return False, "Its preview was not reviewed."


Test = Callable[[Deployment, Asked], tuple[bool | None, str]]
TESTS: tuple[tuple[str, str, Test], ...] = (
    ("successful", "Marked as good", _successful),
    ("before_the_issue", "From before the issue", _before_the_issue),
    ("in_production", "Has been in production", _in_production),
    ("preview_reviewed", "Preview reviewed", _preview_reviewed),
)
