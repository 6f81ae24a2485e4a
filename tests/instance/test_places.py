"""Whose a data directory is, and that only one command at a time uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rollback_portal.instance.places import MARK, InUse, Places
from rollback_portal.instance.speaking import Trouble

HOLD = (
    "import sys, pathlib, signal; from rollback_portal.instance.places import Places\n"
    "with Places(pathlib.Path(sys.argv[1])).held('demo'): print('held', flush=True); signal.pause()"
)


def hold(places: Places, env: dict[str, str]) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(places.data)], stdout=subprocess.PIPE, text=True, env=env
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_start_says_who_has_the_directory(places: Places, plain_environment: dict[str, str]) -> None:
    with hold(places, plain_environment) as holder:
        with pytest.raises(InUse, match=rf"in use by bin/demo \(process {holder.pid}\). Nothing was started"):
            places.held("up").__enter__()
        holder.kill()


def test_the_lock_of_a_killed_holder_is_no_lock(places: Places, plain_environment: dict[str, str]) -> None:
    with hold(places, plain_environment) as holder:
        holder.kill()
    with places.held("up"):
        assert places.holder().startswith("bin/up")


def test_a_folder_with_other_things_in_it_is_left_alone(data: Path) -> None:
    data.mkdir()
    (data / "thesis.txt").write_text("years of work")
    with pytest.raises(Trouble, match="is not empty and was not made by this product"):
        Places(data).make()
    assert [entry.name for entry in data.iterdir()] == ["thesis.txt"]


def test_an_unwritable_place_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Trouble, match=r"cannot be written .* Nothing was started. Give another with --data-dir"):
        Places(tmp_path / "file" / "data").make()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Trouble, match="cannot be written"):
        Places(tmp_path / "data").make()


def test_starting_over_keeps_the_mark_and_nothing_else(places: Places) -> None:
    (places.databases / "postgres").mkdir(parents=True)
    places.keys.write_text("secret")
    with places.held("demo"):
        places.empty()
    assert {entry.name for entry in places.data.iterdir()} == {MARK, "lock"}


def test_starting_over_also_empties_what_was_housed_elsewhere(places: Places, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "postgres").mkdir(parents=True)
    places.databases.symlink_to(elsewhere)
    places.empty()
    assert not elsewhere.exists()
    assert not places.databases.is_symlink()


def test_two_directories_are_two_instances(places: Places) -> None:
    assert places.instance != Places(places.data.parent / "other").instance
    assert places.instance == Places(places.data).instance


def test_others_cannot_look_into_the_directory(places: Places) -> None:
    assert places.data.stat().st_mode & 0o066 == 0
    assert places.log.stat().st_mode & 0o077 == 0
