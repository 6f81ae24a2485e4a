"""What every test can use: the database with its promises, the simulated outside, and quick engine clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

pytest_plugins = ["tests.simulators", "tests.scheduling"]


def pytest_configure() -> None:
    """Hash passwords quickly: production's hasher is slow on purpose, and hundreds of people are made here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Make the database like an installation's, and let tests be cleaned up after.

    Tests that really commit are cleaned up by TRUNCATE, which the record refuses: allowed in test databases only. They
    run as the owner of the tables, whom the second wall does not bind unless it is forced.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE timeline_event DISABLE TRIGGER event_is_never_emptied")
        cursor.execute("SELECT tablename::text FROM pg_policies WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')


@pytest.fixture
def outside(simulators: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The simulators, with their addresses open to connections and checks."""
    monkeypatch.setenv("OUTBOUND_ALLOW", "127.0.0.0/8")
    return simulators


@pytest.fixture
def quick_engine(settings: Any) -> None:
    """Engine clocks scaled down, so that a takeover takes seconds."""
    settings.ENGINE_LEASE_SECONDS = 3.0
    settings.ENGINE_HEARTBEAT_SECONDS = 0.5
    settings.ENGINE_POLL_SECONDS = 0.2


@pytest.fixture(autouse=True)
def own_anchors(tmp_path: Path, settings: Any) -> None:
    """Anchors outlive a test's database, so every test has a file and a key of its own."""
    settings.ANCHOR_FOLDER = tmp_path / "anchors"
    settings.ANCHOR_FILE = settings.ANCHOR_FOLDER / "record.jsonl"
    settings.ANCHOR_KEY_FILE = tmp_path / "anchor-key"
