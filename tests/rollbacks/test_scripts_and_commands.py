"""Scripts, commands and snapshots from proposal to proof: the loss agreed to by name, and the copy first."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.accounts.models import Person
from apps.deployments.models import EnvironmentConnection
from apps.providers.models import Connection
from apps.rollbacks import lifecycle
from apps.rollbacks.models import Rollback
from apps.timeline.answers import Unacceptable
from tests.accounts.factories import PersonFactory
from tests.providers import databases
from tests.providers.databases import fill, lost, password, scratch, user
from tests.providers.factories import ConnectionFactory
from tests.providers.relay import COMMIT, Relay
from tests.rollbacks.conftest import Stage

NAME = f"scripts_of_runs_{os.getpid()}"
SQL = """
version: 1
slug: repair-orders
name: Repair the orders
approvals: {all_of: [cto]}
steps:
  - {name: Keep the orders, use: database.copy_tables, with: {tables: [orders], copy: inc-1}}
  - name: Open them again
    use: database.run_seen_script
    with:
      script: UPDATE orders SET state = 'open' WHERE state = 'lost'
      expected_rows: 2
      copy: inc-1
      look: SELECT count(*) FROM orders WHERE state = 'lost'
      wanted: "0"
  - name: None is lost
    check:
      use: database.query
      with: {query: "SELECT count(*) FROM orders WHERE state = 'open'", equals: "5"}
      within_seconds: 10
"""
COMMAND = """
version: 1
slug: migrate-down
name: Take the migration back
approvals: {all_of: [cto]}
steps:
  - {name: Take it back, use: database.run, with: {command: down, arguments: {migration: add_invoices}}}
  - name: It is gone
    check: {use: database.read, with: {command: status, contains: none pending}, within_seconds: 10}
"""
CONVEX = """
version: 1
slug: convex-back
name: Put the data back
approvals: {all_of: [cto]}
steps:
  - {name: Keep a snapshot, use: backend.export_snapshot, with: {max_age_minutes: 1}}
  - {name: Deploy the release before, use: backend.redeploy, with: {commit: 0c7d8e5}}
  - {name: Put the data back, use: backend.import_snapshot, with: {snapshot: "1772330400000000000"}}
  - name: Users are there
    check: {use: backend.query, with: {function: users:count, equals: 5}, within_seconds: 10}
"""


def use(stage: Stage, role: str, connection: Connection) -> None:
    """Let the environment use the connection."""
    EnvironmentConnection.objects.create(
        organisation=stage.organisation, environment=stage.environment, role=role, connection=connection
    )


def agreed(stage: Stage, rollback: Rollback) -> Rollback:
    """Let the CTO agree to the plan with everything that is lost."""
    theo: Person = PersonFactory(organisation=stage.organisation, name="Theo", roles=["cto"])
    question = rollback.question
    lifecycle.vote(
        rollback, by=theo, decision="approve", plan_hash=rollback.plan_hash, accepts=question.losses,
        confirm=question.confirm,
    )  # fmt: skip
    rollback.refresh_from_db()
    return rollback


def told(rollback: Rollback) -> list[tuple[str, str]]:
    """Return state and message of every step."""
    return [(step.state, step.message) for step in rollback.steps.order_by("position")]


# --- SQL -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[databases.Connection]:
    """A database of its own."""
    with scratch(NAME) as own:
        yield own


@pytest.fixture
def line(stage: Stage, server: databases.Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """The line to the database, with a connection for the environment; scripts are switched on."""
    fill(server)
    monkeypatch.setenv("SQL_SCRIPTS", "on")
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    relay = databases.relay()
    connection = ConnectionFactory(
        organisation=stage.organisation, provider="sql", base_url=f"postgresql://127.0.0.1:{relay.port}/{NAME}",
        settings={"user": user(), "tls": "disable"}, credentials={"password": password()},
    )  # fmt: skip
    use(stage, "database", connection)
    yield relay
    relay.close()


def test_a_script_runs_over_its_copy_and_is_proven(stage: Stage, line: Relay, server: databases.Connection) -> None:
    rollback = stage.propose(SQL)
    airlock = json.loads(bytes(rollback.plan.canonical))["steps"][1]["airlock"][""]
    assert "1 × UPDATE" in airlock["loses"]
    assert "the script does not run without it" in airlock["safety_copy"]
    rollback = stage.run(agreed(stage, rollback))
    assert rollback.state == "succeeded", told(rollback)
    assert lost(server) == 0
    kept = server.execute('SELECT count(*) FROM "rollback_copy_inc-1".orders WHERE state = %s', ["lost"]).fetchone()
    assert kept == (2,)


def test_a_commit_whose_answer_is_lost_is_looked_for_and_not_repeated(
    stage: Stage, line: Relay, server: databases.Connection
) -> None:
    server.execute("CREATE TABLE runs (at timestamptz DEFAULT now())")
    update = "UPDATE orders SET state = 'open' WHERE state = 'lost'"
    counted = SQL.replace(update, f"{update}; INSERT INTO runs DEFAULT VALUES")
    counted = counted.replace("expected_rows: 2", "expected_rows: 3")
    rollback = agreed(stage, stage.propose(counted))
    line.cut_once(COMMIT, skip=1)  # the first is that of the copy
    rollback = stage.run(rollback)
    assert rollback.state == "succeeded", told(rollback)
    states = [attempt.state for attempt in rollback.steps.get(name="Open them again").attempts.all()]
    assert states == ["reconciled_applied"]
    assert server.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_plan_with_a_script_cannot_be_made_while_scripts_are_switched_off(
    stage: Stage, line: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SQL_SCRIPTS")
    with pytest.raises(Unacceptable, match="switched off in this installation"):
        stage.propose(SQL)


# --- commands --------------------------------------------------------------------------------------------------------


def test_an_allowed_command_is_agreed_to_run_and_proven(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, source in {
        "down": "import sys; open('done', 'w').write(sys.argv[1]); print('OK')",
        "status": "import os; print('none pending' if os.path.exists('done') else 'one pending')",
    }.items():
        (tmp_path / name).write_text(f"#!{sys.executable} -I\n{source}\n")
        (tmp_path / name).chmod(0o755)
    file = tmp_path / "commands.toml"
    file.write_text(
        f'[shop]\nkey_sha256 = "{hashlib.sha256(b"the-key-of-the-shop").hexdigest()}"\ndirectory = "{tmp_path}"\n'
        f'[shop.commands.down]\nargv = ["{tmp_path}/down", "{{migration}}"]\narguments = {{ migration = "[a-z_]+" }}\n'
        f'[shop.commands.status]\nargv = ["{tmp_path}/status"]\nreads = true\n'
    )
    file.chmod(0o600)
    monkeypatch.setenv("COMMANDS_FILE", str(file))
    connection = ConnectionFactory(
        organisation=stage.organisation, provider="command", settings={"place": "shop"},
        credentials={"key": "the-key-of-the-shop"},
    )  # fmt: skip
    use(stage, "database", connection)
    rollback = stage.propose(COMMAND)
    airlock = json.loads(bytes(rollback.plan.canonical))["steps"][0]["airlock"][""]
    assert airlock["loses"].endswith(f"({tmp_path}/down add_invoices).")
    rollback = stage.run(agreed(stage, rollback))
    assert rollback.state == "succeeded", told(rollback)
    assert (tmp_path / "done").read_text() == "add_invoices"


# --- Convex ----------------------------------------------------------------------------------------------------------


def test_convex_goes_back_over_a_fresh_snapshot(stage: Stage) -> None:
    stage.outside.settings("convex", export_seconds=0.2, import_seconds=0.2, deploy_seconds=0.2)
    stage.outside.do("convex", "write", organisation="derrimut", table="users", count=3)
    connection = ConnectionFactory(organisation=stage.organisation, provider="convex", simulators=stage.outside)
    use(stage, "backend", connection)
    rollback = stage.propose(CONVEX)
    airlock = json.loads(bytes(rollback.plan.canonical))["steps"][2]["airlock"][""]
    assert airlock["lost_from"] == "2026-03-01T02:00:00+00:00"
    rollback = stage.run(agreed(stage, rollback))
    assert rollback.state == "succeeded", told(rollback)
    after = stage.outside.do("convex", "look", organisation="derrimut")
    assert (after["users"], after["commit"]) == (5, "0c7d8e5")
    kinds = [effect["kind"] for effect in stage.outside.effects("convex")]
    assert kinds == ["export", "dispatch", "import"]
