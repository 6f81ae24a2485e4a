"""Approve → first provider call: from the commit of the last vote to the arrival at the simulated provider."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

from django.db import transaction

from apps.providers.simulation import Simulators, run
from apps.rollbacks.models import Rollback
from rollback_portal.instance import valkey
from tests.benchmarks.crew import said, start_workers, until
from tests.benchmarks.ground import Ground
from tests.benchmarks.world import Team
from tests.providers.factories import ConnectionFactory

FLAG = "new-share-links"
STEP = f"  - {{name: Turn the flag off, use: flags.flags_off, with: {{flags: [{FLAG}]}}}}"
WARM = 2


def measure(ground: Ground, rollbacks: int, workers: int = 2) -> dict[str, list[float]]:
    """Return the seconds of each rollback, with the broker up and with the broker killed for good."""
    with run() as simulators:
        start_workers(ground, workers)
        team = Team.make()
        flags = ConnectionFactory(organisation=team.organisation, simulators=simulators, provider="launchdarkly")
        revision = team.publish("turn-off", STEP)
        found = {}
        for broker in ("up", "down"):
            if broker == "down":
                _kill_broker(ground)
            times = [_once(team, revision, flags, simulators) for _ in range(WARM + rollbacks)]
            found[broker] = times[WARM:]
    return found


def _kill_broker(ground: Ground) -> None:
    sockets = ground.sockets
    os.kill(ground.pid("valkey"), signal.SIGKILL)
    until(lambda: not valkey.answers(sockets), 10)


def _once(team: Team, revision: Any, flags: Any, simulators: Simulators) -> float:
    simulators.reset()
    rollback = team.propose(revision, connections={"flags": flags})
    time.sleep(random.random())  # at any moment between two polls
    committed: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.time()))  # the first: nothing comes between
        team.approve(rollback)
    until(lambda: Rollback.objects.filter(pk=rollback.pk, state__in=["succeeded", "needs_operator"]).exists(), 60)
    first = min(entry["received_at"] for entry in simulators.journal("launchdarkly"))
    return float(first) - committed[0]


def table(found: dict[str, list[float]]) -> str:
    """Write the figures."""
    lines = ["| approve → first call, milliseconds | median | p95 | max | rollbacks |", "|---|---|---|---|---|"]
    lines += [f"| broker {broker} | {said(times)} | {len(times)} |" for broker, times in found.items()]
    return "\n".join(lines)
