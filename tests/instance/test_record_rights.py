"""With a role that owns nothing, as every installation has it: the application can write the record, and only that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
import pytest

from rollback_portal.instance.places import ROOT
from tests.instance.conftest import data_directory
from tests.instance.watching import Driven

FORBIDDEN = {
    "change a record": "UPDATE timeline_event SET text = 'nothing happened'",
    "change a hash": "UPDATE timeline_event SET hash = previous_hash",
    "remove a record": "DELETE FROM timeline_event",
    "empty the record": "TRUNCATE timeline_event CASCADE",
    "move the head": "UPDATE timeline_head SET seq = 0",
    "remove the head": "DELETE FROM timeline_head",
    "forge a head": "INSERT INTO timeline_head SELECT id, 7, 'x' FROM accounts_organisation",
    "empty the heads": "TRUNCATE timeline_head CASCADE",
    "switch a trigger off": "ALTER TABLE timeline_event DISABLE TRIGGER event_never_changes",
    "switch every trigger off": "ALTER TABLE timeline_event DISABLE TRIGGER ALL",
    "drop a trigger": "DROP TRIGGER event_is_chained ON timeline_event",
    "play a replica": "SET session_replication_role = replica",
    "rewrite the chaining": "CREATE OR REPLACE FUNCTION timeline_chain() RETURNS trigger LANGUAGE sql AS ''",
    "shadow the record": "CREATE TABLE public.mine (id int)",
    "become the owner": "SET ROLE portal_owner",
    "drop the record": "DROP TABLE timeline_event CASCADE",
}
FORGED = """
INSERT INTO timeline_event (id, organisation_id, kind, text, details, visibility, actor_name, subject_kind, subject_id,
  occurred_at, seq, hash, previous_hash, body)
SELECT gen_random_uuid(), id, 'test.noted', 'forged', '{}', 'internal', 'x', 'x', 'x', now(), 1, 'x', 'x', 'x'
FROM accounts_organisation
"""


@pytest.fixture(scope="module")
def addresses(plain_environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A prepared installation with one organisation; the application's address and its owner's."""
    with data_directory() as data, Driven("databases", data, plain_environment) as driven:
        env = {
            **plain_environment,
            **{name: driven.said[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")},
            "SECRET_KEY": "only-for-this-test",
            "ENCRYPTION_KEYS": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE=",
            "PORTAL_DATA_DIR": str(data.parent / "product"),
        }
        manage(env, "prepare")
        manage(
            {**env, "DATABASE_OWNER_URL": ""}, "organisation", "create", "a-team", "--name=A", "--admin=a@example.com"
        )
        yield env


def manage(env: dict[str, str], *words: str) -> str:
    """Run a management command; returns what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refusals(address: str, deeds: Iterable[str]) -> dict[str, str | None]:
    """Try the deeds, each on a connection of its own; returns the error by deed, None where it was let happen."""
    found: dict[str, str | None] = {}
    for deed in deeds:
        with psycopg.connect(address) as line:
            try:
                line.execute(FORBIDDEN[deed])
                found[deed] = None
            except psycopg.Error as error:
                found[deed] = error.sqlstate
            line.rollback()
    return found


def test_the_applications_role_cannot_change_the_record(addresses: dict[str, str]) -> None:
    assert refusals(addresses["DATABASE_URL"], FORBIDDEN) == dict.fromkeys(FORBIDDEN, "42501")


def test_the_owner_is_stopped_by_the_triggers(addresses: dict[str, str]) -> None:
    deeds = ("change a record", "change a hash", "remove a record", "empty the record")
    assert refusals(addresses["DATABASE_OWNER_URL"], deeds) == dict.fromkeys(deeds, "RG011")


def test_whatever_is_inserted_gets_its_number_and_hash_from_the_database(addresses: dict[str, str]) -> None:
    with psycopg.connect(addresses["DATABASE_URL"]) as line:
        before = line.execute("SELECT seq, hash FROM timeline_head").fetchone()
        assert before
        line.execute(FORGED)
        line.commit()
        event = line.execute("SELECT seq, previous_hash FROM timeline_event WHERE text = 'forged'").fetchone()
    assert event == (before[0] + 1, before[1])
    assert "The record is whole" in manage({**addresses, "DATABASE_OWNER_URL": ""}, "audit", "verify")


def test_the_applications_role_can_be_told_from_an_owner(addresses: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**addresses, "DATABASE_OWNER_URL": ""},
    )  # fmt: skip
    assert "The application's role owns nothing and cannot change the record." in done.stdout, done.stderr


def test_behind_the_second_wall_the_applications_role_sees_one_organisation(addresses: dict[str, str]) -> None:
    env = {**addresses, "DATABASE_OWNER_URL": ""}
    manage(env, "organisation", "create", "b-team", "--name=B", "--admin=b@example.com")
    people = "SELECT count(DISTINCT organisation_id) FROM accounts_person"
    with psycopg.connect(addresses["DATABASE_URL"]) as line:
        one = line.execute("SELECT id FROM accounts_organisation WHERE slug = 'a-team'").fetchone()
        assert one
        assert line.execute(people).fetchone() == (2,), "workers and commands work for everybody"
        line.execute("SELECT set_config('app.organisation', %s, false)", [str(one[0])])
        assert line.execute(people).fetchone() == (1,)
        assert line.execute("SELECT DISTINCT organisation_id FROM timeline_event").fetchall() == [one]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            line.execute("UPDATE accounts_person SET organisation_id = gen_random_uuid()")
        line.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute("ALTER TABLE accounts_person DISABLE ROW LEVEL SECURITY")


def test_the_key_of_the_anchors_is_nowhere_in_the_database(addresses: dict[str, str], tmp_path: Path) -> None:
    manage({**addresses, "DATABASE_OWNER_URL": ""}, "audit", "key")
    key = (Path(addresses["PORTAL_DATA_DIR"]) / "anchor-key").read_text().strip()
    assert len(key) == 44
    with psycopg.connect(addresses["DATABASE_OWNER_URL"]) as line:
        tables = line.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in tables.fetchall():
            assert key not in str(line.execute(f'SELECT t::text FROM "{table}" t').fetchall())
