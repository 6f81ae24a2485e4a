"""What happens before anything is installed: finding a Python, and knowing when .venv is complete."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rollback_portal.instance import install
from rollback_portal.instance.places import ROOT

NAMED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as is there before .venv, in a path with a space."""
    folder = tmp_path / "a clone"
    (folder / "rollback_portal" / "instance").mkdir(parents=True)
    shutil.copytree(ROOT / "bin", folder / "bin")
    for name in ("start.sh", "install.py"):
        shutil.copy(ROOT / "rollback_portal" / "instance" / name, folder / "rollback_portal" / "instance")
    for name in (install.RUNTIME, install.DEVELOPMENT):
        shutil.copy(ROOT / name, folder)
    return folder


def pythons(folder: Path, **scripts: str) -> dict[str, str]:
    """Return an environment whose only Pythons are these shell scripts."""
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name.replace("_", ".")).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name.replace("_", ".")).chmod(0o755)
    for name in ("dirname", "readlink"):
        (folder / name).symlink_to(shutil.which(name) or name)
    return {"PATH": str(folder)}


def demo(clone: Path, env: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(clone / "bin" / "demo"), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, cwd="/")


def test_no_python_is_told_in_one_sentence(clone: Path, tmp_path: Path) -> None:
    answer = demo(clone, pythons(tmp_path / "path"))
    assert answer.returncode == 1
    assert answer.stderr == (
        "bin/demo needs Python 3.11 or newer and found no python3 at all; nothing was changed. "
        "Install Python 3.11 (or set PYTHON to its path), then start again.\n"
    )


def test_an_old_python_is_named(clone: Path, tmp_path: Path) -> None:
    old = 'if [ "$1" = --version ]; then echo "Python 3.9.2"; else exit 1; fi'
    answer = demo(clone, pythons(tmp_path / "path", python3=old))
    assert answer.returncode == 1
    assert "found Python 3.9.2; nothing was changed" in answer.stderr


def test_a_python_without_venv_says_what_to_install(clone: Path, tmp_path: Path) -> None:
    bare = 'case "$2" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac'
    answer = demo(clone, pythons(tmp_path / "path", python3_11=bare))
    assert answer.returncode == 1
    assert "python3.11 cannot make virtual environments here; nothing was changed." in answer.stderr
    assert 'run "apt-get install python3-venv" as root' in answer.stderr
    assert not (clone / ".venv").exists()


def test_the_first_good_python_is_handed_the_command(clone: Path, tmp_path: Path) -> None:
    good = 'case "$1" in -c) exit 0 ;; *) printf "%s|" "$@" ;; esac'
    link = tmp_path / "demo link"
    link.symlink_to(clone / "bin" / "demo")
    env = pythons(tmp_path / "path", python3_11="exit 1", python3_12=good)
    answer = subprocess.run([str(link), "--data-dir", "a b"], env=env, capture_output=True, text=True, cwd="/")
    script = clone / "rollback_portal" / "instance" / "install.py"
    assert answer.stdout == f"{script}|demo|--data-dir|a b|"


def test_a_complete_environment_is_known_by_its_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "RECORD", tmp_path / "installed.json")
    assert not install.satisfied(install.RUNTIME)
    install._remember(install.RUNTIME)
    assert install.satisfied(install.RUNTIME)
    assert not install.satisfied(install.DEVELOPMENT)
    install._remember(install.DEVELOPMENT)
    assert install.satisfied(install.RUNTIME), "the development lock holds all of the other"
    (tmp_path / "installed.json").write_text(json.dumps({install.RUNTIME: "another"}))
    assert not install.satisfied(install.RUNTIME)


def test_the_development_lock_holds_all_of_the_other() -> None:
    runtime, development = (
        dict(NAMED.findall((ROOT / name).read_text())) for name in (install.RUNTIME, install.DEVELOPMENT)
    )
    assert runtime.items() <= development.items()


def test_progress_tells_how_far_pip_is(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter(range(0, 1000, 10))
    progress = install.Progress(3, now=lambda: float(next(clock)))
    progress.show("Collecting django==5.2\nIgnoring tzdata: markers\nCollecting celery==5.7\n", 0)
    assert "fetching 2 of 2 (celery==5.7)" in capsys.readouterr().err
    progress.show("Processing /a folder/django-5.2-py3-none-any.whl (from -r x)\nProcessing /b/nh3-0.3.whl\n", 0)
    assert "fetching 2 of 3 (nh3-0.3.whl)" in capsys.readouterr().err


def test_an_unwritable_clone_is_told_in_one_sentence(clone: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    clone.chmod(0o500)
    answer = demo(clone, {"PATH": os.environ["PATH"], "PYTHON": sys.executable})
    assert answer.returncode == 1
    assert "is not writable, so .venv cannot be made in it" in answer.stderr
