"""The kill switch: many rollbacks send one request after the other; how long after the freeze does the last arrive?"""

from __future__ import annotations

import time

from django.db import transaction

from apps.deployments.freezing import freeze
from tests.benchmarks.crew import start_workers, until
from tests.benchmarks.ground import Ground
from tests.benchmarks.outside import outside
from tests.benchmarks.world import Team
from tests.providers.factories import ConnectionFactory

STEP = "  - {{name: Step {n}, use: hosting.request, with: {{method: POST, path: /{n}}}}}"
WATCHED_SECONDS = 5.0


def measure(ground: Ground, rollbacks: int, steps: int = 40, times: int = 5) -> tuple[list[float], int]:
    """Freeze an organisation while its rollbacks run, so many times.

    Returns for each time the seconds from the commit to the last arrival (negative: all came before), and how many
    requests arrived in all.
    """
    start_workers(ground, 2)
    lasts, arrived = [], 0
    for _ in range(times):
        with outside(seconds=0.05) as there:
            team = Team.make()
            hook = ConnectionFactory(organisation=team.organisation, provider="http", base_url=there.address)
            revision = team.publish("many-requests", "\n".join(STEP.format(n=n) for n in range(1, steps + 1)))
            for _ in range(rollbacks):
                team.approve(team.propose(revision, connections={"hosting": hook}))
            until(lambda: len(there.arrivals) >= rollbacks, 120)
            committed = _freeze(team)
            time.sleep(WATCHED_SECONDS)  # what must not come cannot be awaited
            assert len(there.arrivals) < rollbacks * steps, (
                "everything was sent before the freeze: nothing was measured"
            )
            lasts.append(max(there.arrivals) - committed)
            arrived += len(there.arrivals)
    return lasts, arrived


def _freeze(team: Team) -> float:
    """Freeze the organisation; returns the time of the commit."""
    committed: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: committed.append(time.time()))  # the first: nothing comes between
        freeze(team.organisation, by=team.rae, stops="rollbacks", scope="organisation", reason="To see it stop")
    return committed[0]


def table(found: tuple[list[float], int]) -> str:
    """Write the figures."""
    lasts, arrived = found
    return (
        "| kill switch: last request after the commit, milliseconds | freezes | requests in all |\n|---|---|---|\n"
        f"| {max(lasts) * 1000:.0f} at most ({', '.join(f'{last * 1000:.0f}' for last in lasts)}) | {len(lasts)} "
        f"| {arrived} |"
    )
