"""What keeps the figures of docs/benchmarks.md from rotting: counts that cannot grow in silence. Never a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from apps.playbooks import catalogue
from apps.providers import registry
from apps.rollbacks import engine
from apps.rollbacks.polling import Poll
from tests.benchmarks import hundred, noop
from tests.benchmarks.cost import Cost
from tests.benchmarks.world import Team

COMMITS_PER_STEP = 3  # the intent, the outcome, the proof
STATEMENTS_PER_STEP = 12


@pytest.fixture
def team(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    """A team whose hosting does nothing."""
    with monkeypatch.context() as added:
        added.setitem(registry.BUILT_IN, noop.Noop.slug, f"{noop.__name__}.Noop")
        _forget_what_is_installed()
        yield Team.make()
    _forget_what_is_installed()


def _forget_what_is_installed() -> None:
    registry.provider.cache_clear()
    catalogue.installed.cache_clear()


def _cost(team: Team, steps: int) -> Cost:
    rollback = team.propose(team.playbook(steps))
    team.approve(rollback)
    cost = Cost()
    with cost.counting():
        engine.advance(rollback.pk)
    rollback.refresh_from_db()
    assert rollback.state == "succeeded", rollback.reason
    return cost


def test_a_step_costs_so_many_commits_and_statements_however_long_the_plan_is(team: Team) -> None:
    _cost(team, 1)  # what is read once per process
    short, long = _cost(team, 4), _cost(team, 16)
    commits = (long.commits.total() - short.commits.total()) / 12
    statements = (long.statements.total() - short.statements.total()) / 12
    assert commits == COMMITS_PER_STEP
    assert statements == STATEMENTS_PER_STEP


def test_rollbacks_in_many_environments_at_once_all_end_and_no_lease_is_lost(team: Team, settings: Any) -> None:
    settings.ENGINE_POLL_SECONDS = 0.2
    steps, rollbacks = 5, 10
    revision = team.playbook(steps)
    proposed = [team.propose(revision) for _ in range(rollbacks)]
    began, workers = time.time(), [Poll(), Poll()]
    for worker in workers:
        worker.start()
    try:
        for rollback in proposed:
            team.approve(rollback)
        hundred.wait_for_the_end(team, 60)
    finally:
        for worker in workers:
            worker.stop()
        connections.close_all()
    found = hundred.result(team, steps, began)
    assert found.states == {"succeeded": rollbacks}
    assert found.takeovers == 0
    assert found.attempts == rollbacks * steps
