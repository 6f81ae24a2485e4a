"""The embedded Postgres and Valkey, for real."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from rollback_portal.instance import postgres, servers
from rollback_portal.instance.places import Places
from tests.instance.conftest import data_directory
from tests.instance.watching import Driven, eventually, gone, pid_of


@pytest.fixture(scope="module")
def driven(plain_environment: dict[str, str]) -> Iterator[Driven]:
    with data_directory() as data, Driven("databases", data, plain_environment) as started:
        yield started


def ask(address: str, question: str) -> Any:
    with psycopg.connect(address, autocommit=True) as line:
        cursor = line.execute(question)
        return cursor.fetchone()[0] if cursor.description else None


def test_postgres_18_answers_on_a_socket_only_and_keeps_its_promises(driven: Driven) -> None:
    address = driven.said["DATABASE_URL"]
    assert ask(address, "show server_version").startswith("18.")
    assert ask(address, "show listen_addresses") == ""
    for promise in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert ask(address, f"show {promise}") == "on"
    assert ask(address, "select datlocale from pg_database where datname = 'portal'") == "C.UTF-8"


def test_the_applications_role_owns_nothing_and_cannot_make_tables(driven: Driven) -> None:
    app, owner = driven.said["DATABASE_URL"], driven.said["DATABASE_OWNER_URL"]
    owned_by = "select pg_get_userbyid(datdba) from pg_database where datname = 'portal'"
    assert ask(owner, owned_by) == "portal_owner"
    ask(owner, "create table notes (note text)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(app, "create table mine (note text)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(app, "select * from notes")
    powers = "select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = 'portal'"
    assert ask(app, powers) is False


def test_nobody_signs_in_without_the_password_nor_as_the_superuser(driven: Driven) -> None:
    without = driven.said["DATABASE_URL"].replace("portal:", "portal:wrong", 1)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(without, "select 1")
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        ask(driven.said["DATABASE_URL"].replace("//portal:", "//postgres:"), "select 1")


def test_valkey_never_throws_out_what_is_queued(driven: Driven) -> None:
    broker = redis.Redis.from_url(driven.said["REDIS_URL"], decode_responses=True)
    assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert broker.config_get("appendonly") == {"appendonly": "yes"}
    assert broker.config_get("port") == {"port": "0"}


def test_everything_survives_a_kill_of_everything(data: Path, plain_environment: dict[str, str]) -> None:
    with Driven("databases", data, plain_environment) as first:
        ask(first.said["DATABASE_OWNER_URL"], "create table notes as select 'kept' as note")
        redis.Redis.from_url(first.said["REDIS_URL"]).set("note", "kept")
        pids = [pid_of(first.places, name) for name in ("postgres", "valkey")]
        first.kill()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            eventually(lambda pid=pid: gone(pid))
    old_sockets = (first.places.run / "sockets").read_text()
    with Driven("databases", data, plain_environment) as second:
        assert ask(second.said["DATABASE_OWNER_URL"], "select note from notes") == "kept"
        assert redis.Redis.from_url(second.said["REDIS_URL"]).get("note") == b"kept"
        assert not Path(old_sockets).exists()
        assert second.stop() < 5


def test_a_killed_postgres_comes_back_by_itself(driven: Driven) -> None:
    before = pid_of(driven.places, "postgres")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: pid_of(driven.places, "postgres") != before)

    def answers() -> bool:
        try:
            return ask(driven.said["DATABASE_URL"], "select 1") == 1
        except psycopg.OperationalError:
            return False

    eventually(answers, within=15, what="an answer")


def test_a_lock_file_whose_number_another_program_has_does_not_stop_postgres(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n")
    postgres.clear_stale_lock(tmp_path)
    assert not lock.exists()


def test_an_interrupted_first_start_leaves_no_half_made_cluster(
    places: Places, plain_environment: dict[str, str]
) -> None:
    half_made = places.databases / "postgres.new"
    half_made.mkdir(parents=True)
    for folder in (places.databases, half_made):
        folder.chmod(0o711)
    (half_made / "PG_VERSION").write_text("18\n")
    with Driven("databases", places.data, plain_environment) as driven:
        assert ask(driven.said["DATABASE_URL"], "select 1") == 1
    assert not half_made.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_hands_the_databases_to_somebody_else_even_below_a_private_folder(
    tmp_path: Path, plain_environment: dict[str, str]
) -> None:
    tmp_path.chmod(0o700)
    places = Places(tmp_path / "data")
    try:
        with Driven("databases", places.data, plain_environment) as driven:
            assert ask(driven.said["DATABASE_URL"], "select 1") == 1
            assert Path(f"/proc/{pid_of(places, 'postgres')}").stat().st_uid != 0
            assert Path(f"/proc/{pid_of(places, 'valkey')}").stat().st_uid != 0
            assert places.databases.is_symlink()
    finally:
        servers.remove_sockets(places)
        places.empty()
