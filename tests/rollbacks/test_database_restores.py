"""Restores of real databases from proposal to proof: with their preview or copy, and the loss agreed to by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts.models import Person
from apps.deployments.models import EnvironmentConnection
from apps.providers.registry import provider
from apps.rollbacks import lifecycle
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Unacceptable
from tests.accounts.factories import PersonFactory
from tests.providers.factories import ConnectionFactory
from tests.rollbacks.conftest import Stage

NEON = """
version: 1
slug: neon-restore
name: Restore the database
approvals: {all_of: [cto]}
steps:
  - {name: Preview it, use: database.preview_restore, with: {name: preview-inc-1, lsn: 2/F49F000}}
  - name: It holds the old schema
    check: {use: database.preview, with: {name: preview-inc-1, lacks: v2_31_0}, within_seconds: 30}
  - {name: Restore the database, use: database.restore, with: {lsn: 2/F49F000}}
  - {name: Delete the preview, use: database.delete_preview, with: {name: preview-inc-1}}
"""
SUPABASE = """
version: 1
slug: supabase-restore
name: Restore the project
approvals: {all_of: [cto]}
steps:
  - {name: Keep a restore point, use: database.create_restore_point, with: {name: before-inc-1}}
  - name: Restore the database
    use: database.restore_to_time
    with: {time: "TIME", restore_point: before-inc-1}
  - name: Its services are healthy
    check: {use: database.health, with: {services: [db, rest]}, within_seconds: 30}
"""


def connect(stage: Stage, slug: str) -> None:
    """Connect the portal to its database at a provider."""
    connection = ConnectionFactory(organisation=stage.organisation, provider=slug, simulators=stage.outside)
    EnvironmentConnection.objects.create(
        organisation=stage.organisation, environment=stage.environment, role="database", connection=connection
    )


@pytest.fixture
def theo(stage: Stage) -> Person:
    """The CTO, who may approve a restore in production."""
    return PersonFactory(organisation=stage.organisation, name="Theo", roles=["cto"])


def agreed(rollback: Rollback, person: Person) -> Rollback:
    """Let the CTO agree to the plan with everything that is lost."""
    question = rollback.question
    lifecycle.vote(
        rollback, by=person, decision="approve", plan_hash=rollback.plan_hash, accepts=question.losses,
        confirm=question.confirm,
    )  # fmt: skip
    rollback.refresh_from_db()
    return rollback


def hour_ago() -> str:
    """Return a time an hour ago, as a plan writes it."""
    return (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")


def test_a_neon_branch_is_previewed_restored_and_kept(stage: Stage, theo: Person) -> None:
    stage.outside.settings("neon", operation_seconds=0.2)
    connect(stage, "neon")
    rollback = stage.propose(NEON)
    plan = json.loads(bytes(rollback.plan.canonical))
    assert "main-before-" in plan["steps"][2]["airlock"][""]["safety_copy"]
    rollback = stage.run(agreed(rollback, theo))
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    after = stage.outside.do("neon", "look", organisation="motion-mavericks")
    assert "v2_31_0" not in after["schema"]
    assert "preview-inc-1" not in after["branches"]
    assert len([name for name in after["branches"] if name.startswith("main-before-")]) == 2
    assert [effect["kind"] for effect in stage.outside.effects("neon")] == [
        "create_branch", "restore", "delete_branch",
    ]  # fmt: skip


def test_a_restore_beyond_the_history_is_not_even_proposed(stage: Stage) -> None:
    connect(stage, "neon")
    late = NEON.replace("lsn: 2/F49F000", 'time: "2020-01-01T00:00:00Z"')
    with pytest.raises(Unacceptable, match="outside of what Neon can go back to"):
        stage.propose(late)


def test_a_supabase_project_is_kept_restored_and_healthy_again(stage: Stage, theo: Person) -> None:
    stage.outside.settings("supabase", restore_seconds=1, point_seconds=0.2, begins_after_seconds=0.5)
    connect(stage, "supabase")
    rollback = stage.run(agreed(stage.propose(SUPABASE.replace("TIME", hour_ago())), theo))
    assert rollback.state == "succeeded", [(step.state, step.message) for step in rollback.steps.all()]
    after = stage.outside.do("supabase", "look", organisation="motion-mavericks")
    assert "v2.31.0" not in after["holds"]
    assert after["restores"] == 1


def test_a_stuck_supabase_restore_becomes_a_question_with_the_vendor_at_hand(stage: Stage, theo: Person) -> None:
    stage.outside.settings("supabase", restore_ends="never", point_seconds=0.2)
    connect(stage, "supabase")
    text = SUPABASE.replace("TIME", hour_ago()).replace(
        "    use: database.restore_to_time", "    use: database.restore_to_time\n    gives_up_seconds: 2"
    )
    rollback = stage.run(agreed(stage.propose(text), theo))
    assert rollback.state == "needs_operator"
    assert provider("supabase").support in rollback.reason
    assert stage.outside.do("supabase", "look", organisation="motion-mavericks")["restores"] == 1
