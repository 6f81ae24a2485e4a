"""Restores at real providers through the whole engine: agreed on with what they lose, sent once, proven (S4-36…42)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Person
from apps.deployments.models import EnvironmentConnection
from apps.rollbacks import lifecycle
from apps.rollbacks.models import Attempt, Rollback
from apps.timeline.answers import Unacceptable
from tests.accounts.factories import PersonFactory
from tests.providers.factories import ConnectionFactory
from tests.rollbacks.conftest import Stage

HEAD = """
version: 1
slug: restores
name: Restores
approvals: {all_of: [cto]}
steps:
"""
NEON = HEAD + '  - {name: Restore, use: database.restore, with: {lsn: "2/F49F000"}}\n'
SUPABASE = (
    HEAD
    + """\
  - {name: Keep a point, use: database.create_restore_point, with: {name: before-inc-1}}
  - {name: Restore, use: database.restore_to_time, with: {time: "%s", restore_point: before-inc-1}}
"""
)


@pytest.fixture
def theo(stage: Stage) -> Person:
    """The CTO."""
    return PersonFactory(organisation=stage.organisation, name="Theo", roles=["cto"])


def connect(stage: Stage, provider: str) -> None:
    """Let a database at this provider be the portal's."""
    connection = ConnectionFactory(organisation=stage.organisation, simulators=stage.outside, provider=provider)
    EnvironmentConnection.objects.create(
        organisation=stage.organisation, environment=stage.environment, role="database", connection=connection
    )


def agree(rollback: Rollback, theo: Person) -> Rollback:
    """Agree as the CTO, with everything accepted and typed."""
    lifecycle.vote(
        rollback, by=theo, decision="approve", plan_hash=rollback.plan_hash, accepts=rollback.question.losses,
        confirm=rollback.question.confirm,
    )  # fmt: skip
    rollback.refresh_from_db()
    return rollback


def planned(rollback: Rollback, position: int) -> dict[str, Any]:
    """Return a step of the plan."""
    return json.loads(bytes(rollback.plan.canonical))["steps"][position - 1]


def test_a_neon_branch_is_restored_with_the_old_one_kept(stage: Stage, theo: Person) -> None:
    connect(stage, "neon")
    rollback = stage.propose(NEON)
    said = planned(rollback, 1)
    assert said["airlock"][""]["safety_copy"]
    assert said["interruptible"] is False
    assert rollback.question.right == "approve_restores"
    rollback = agree(rollback, theo)
    stage.run(rollback, until=lambda run: run.steps.get().state == "verifying" or run.state == "needs_operator")
    stage.outside.advance(60)
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    assert len([entry for entry in stage.outside.journal("neon") if entry["effects"]]) == 1


def test_a_supabase_project_is_restored_after_a_point_was_kept(stage: Stage, theo: Person) -> None:
    connect(stage, "supabase")
    time = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    rollback = stage.propose(SUPABASE % time)
    said = planned(rollback, 2)
    assert said["airlock"][""]["lost_from"].startswith(time[:16])
    rollback = agree(rollback, theo)

    def later(run: Rollback) -> bool:
        stage.outside.advance(60)
        return run.state in {"succeeded", "failed", "needs_operator"}

    rollback = stage.run(rollback, until=later)
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    assert Attempt.objects.filter(rollback=rollback, position=2).count() == 1


def test_a_time_that_neon_does_not_keep_any_more_cannot_be_planned(stage: Stage) -> None:
    connect(stage, "neon")
    with pytest.raises(Unacceptable, match="Step 1: ") as refused:
        stage.propose(NEON.replace('lsn: "2/F49F000"', 'time: "2020-01-01T00:00:00Z"'))
    assert refused.value.extra["field"] == "playbook"
