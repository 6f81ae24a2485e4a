"""Many rollbacks at once, each in an environment of its own: all end well, and no lease is lost on the way."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import Max

from apps.rollbacks.models import Attempt, Rollback
from tests.benchmarks.crew import start_workers, until
from tests.benchmarks.ground import Ground
from tests.benchmarks.world import Team

VOTERS = 4


@dataclass
class Result:
    """What became of the rollbacks. Nothing in them waits, so every lease beyond the first was a takeover."""

    rollbacks: int
    steps: int
    states: dict[str, int]
    takeovers: int
    attempts: int
    seconds: float  # from the first vote to the last end


def measure(ground: Ground, rollbacks: int, steps: int, action: str, workers: int = 2) -> Result:
    """Approve so many rollbacks as quickly as four people can, and wait until all have ended."""
    start_workers(ground, workers)
    team = Team.make()
    revision = team.playbook(steps, action)
    proposed = [team.propose(revision) for _ in range(rollbacks)]
    began = time.time()
    with ThreadPoolExecutor(VOTERS) as voters:
        list(voters.map(lambda rollback: _vote(team, rollback), proposed))
    wait_for_the_end(team, 600)
    return result(team, steps, began)


def _vote(team: Team, rollback: Any) -> None:
    try:
        team.approve(rollback)
    finally:
        connections.close_all()


def wait_for_the_end(team: Team, seconds: float) -> None:
    """Wait until none of the team's rollbacks is under way."""
    under_way = Rollback.objects.filter(organisation=team.organisation, state__in=["queued", "running"])
    until(lambda: not under_way.exists(), seconds, every=0.2)


def result(team: Team, steps: int, began: float) -> Result:
    """Count what the rows say."""
    rows = Rollback.objects.filter(organisation=team.organisation)
    states: dict[str, int] = {}
    for state in rows.values_list("state", flat=True):
        states[state] = states.get(state, 0) + 1
    ended = rows.aggregate(last=Max("finished_at"))["last"]
    return Result(
        rows.count(),
        steps,
        states,
        sum(fence - 1 for fence in rows.values_list("fence", flat=True)),
        Attempt.objects.filter(organisation=team.organisation).count(),
        ended.timestamp() - began if ended else float("nan"),
    )


def table(found: Result) -> str:
    """Write the figures."""
    states = ", ".join(f"{count} {state}" for state, count in found.states.items())
    return (
        "| rollbacks at once | steps each | ended | leases lost | attempts | seconds |\n|---|---|---|---|---|---|\n"
        f"| {found.rollbacks} | {found.steps} | {states} | {found.takeovers} | {found.attempts} | {found.seconds:.1f} |"
    )
