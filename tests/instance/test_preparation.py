"""When the database has to be prepared again."""

from pathlib import Path

import pytest

from rollback_portal.instance import preparation


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "apps" / "timeline" / "migrations").mkdir(parents=True)
    (tmp_path / "apps" / "timeline" / "migrations" / "0001_initial.py").write_text("first")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "release.yaml").write_text("version: 1")
    return tmp_path


def test_an_unchanged_house_needs_no_second_preparation(house: Path) -> None:
    done = preparation.fingerprint(["demo"], house)
    preparation.remember(house / "prepared.json", done)
    assert preparation.is_done(house / "prepared.json", preparation.fingerprint(["demo"], house))


@pytest.mark.parametrize("changed", ["apps/timeline/migrations/0001_initial.py", "playbooks/release.yaml"])
def test_a_changed_file_needs_one(house: Path, changed: str) -> None:
    before = preparation.fingerprint(["demo"], house)
    (house / changed).write_text("changed")
    assert preparation.fingerprint(["demo"], house) != before


def test_a_new_migration_needs_one(house: Path) -> None:
    before = preparation.fingerprint(["demo"], house)
    (house / "apps" / "timeline" / "migrations" / "0002_more.py").write_text("second")
    assert preparation.fingerprint(["demo"], house) != before


def test_other_circumstances_need_one(house: Path) -> None:
    assert preparation.fingerprint(["demo"], house) != preparation.fingerprint(["up"], house)


def test_an_interrupted_preparation_is_not_remembered(house: Path) -> None:
    assert not preparation.is_done(house / "prepared.json", preparation.fingerprint(["demo"], house))
    (house / "prepared.json").write_text("{")
    assert not preparation.is_done(house / "prepared.json", preparation.fingerprint(["demo"], house))
