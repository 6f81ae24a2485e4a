"""Children are kept running, are ended in order, and never outlive us."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rollback_portal.instance import processes
from rollback_portal.instance.children import Child
from rollback_portal.instance.logs import PUT_ASIDE_AT
from rollback_portal.instance.places import Places
from rollback_portal.instance.speaking import Trouble
from rollback_portal.instance.supervisor import Supervisor
from tests.instance.watching import Driven, eventually, gone, pid_of

NAMES = ("postgres", "valkey", "simulators", "web", "worker", "beat")


def up(places: Places, name: str) -> bool:
    log = places.log / f"{name}.log"
    return log.exists() and "up" in log.read_text()


def test_children_end_in_order_and_none_is_left(data: Path, plain_environment: dict[str, str]) -> None:
    with Driven("small", data, plain_environment) as driven:
        for name in NAMES:
            eventually(lambda name=name: up(driven.places, name))
        pids = [pid_of(driven.places, name) for name in NAMES]
        assert driven.stop(signal.SIGINT) < 5
    ended = (data / "ended").read_text().split()
    assert set(ended[:3]) == {"worker", "beat", "web"}
    assert ended[3:] == ["simulators", "valkey", "postgres"]
    assert all(gone(pid) for pid in pids)
    assert list(driven.places.run.glob("*.pid")) == []


def test_children_that_do_not_listen_are_killed_in_time(data: Path, plain_environment: dict[str, str]) -> None:
    with Driven("deaf", data, plain_environment) as driven:
        for name in ("web", "worker", "simulators"):
            eventually(lambda name=name: up(driven.places, name))
        pids = [pid_of(driven.places, name) for name in ("web", "worker", "simulators")]
        assert driven.stop() < 5
        assert all(gone(pid) for pid in pids)


def test_a_dead_child_is_started_again(data: Path, plain_environment: dict[str, str]) -> None:
    with Driven("small", data, plain_environment) as driven:
        before = pid_of(driven.places, "web")
        os.kill(before, signal.SIGKILL)
        eventually(lambda: pid_of(driven.places, "web") != before)
        assert not gone(pid_of(driven.places, "web"))
        assert "web was killed by SIGKILL; it is started again" in driven.errors.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_children_do_not_outlive_a_killed_supervisor(data: Path, plain_environment: dict[str, str]) -> None:
    with Driven("small", data, plain_environment) as driven:
        for name in NAMES:
            eventually(lambda name=name: up(driven.places, name))
        pids = [pid_of(driven.places, name) for name in NAMES]
        driven.kill()
        for pid in pids:
            eventually(lambda pid=pid: gone(pid), what=f"end of {pid}")


def test_the_next_start_ends_what_a_killed_one_left(data: Path, plain_environment: dict[str, str]) -> None:
    places = Places(data)
    places.make()
    with subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True) as orphan:
        processes.remember(places.run, "web", orphan.pid, (signal.SIGTERM, signal.SIGKILL))
        with Driven("small", data, plain_environment) as driven:
            assert driven.said["orphans"] == "web"
            assert orphan.wait(5) == -signal.SIGTERM


def test_a_number_that_another_process_has_by_now_is_left_alone(places: Places) -> None:
    with subprocess.Popen(["/bin/sleep", "1000"]) as stranger:
        processes.remember(places.run, "web", stranger.pid, (signal.SIGKILL,))
        note = places.run / "web.pid"
        note.write_text(note.read_text().replace('"birth": "', '"birth": "another '))
        assert processes.end_orphans(places.run) == []
        assert stranger.poll() is None
        stranger.kill()


def test_what_fails_at_the_start_is_told_with_the_end_of_its_log(places: Places) -> None:
    bad = Child("web", ("/bin/sh", "-c", "echo 'no such settings' >&2; exit 3"), {})
    with Supervisor(places) as supervisor:
        supervisor.start(bad)
        with pytest.raises(Trouble) as told:
            supervisor.wait_for("web", lambda: False, within=5, needs=("web",))
    assert "web ended with exit code 3. Everything was stopped." in str(told.value)
    assert "no such settings" in str(told.value)


def test_what_never_gets_ready_is_given_up(places: Places) -> None:
    slow = Child("web", ("/bin/sh", "-c", "echo still loading; exec sleep 1000"), {"PATH": "/usr/bin:/bin"})
    with Supervisor(places) as supervisor:
        supervisor.start(slow)
        with pytest.raises(Trouble, match="web did not get ready within 0 s"):
            supervisor.wait_for("web", lambda: False, within=0.3, needs=("web",))


def test_a_child_that_runs_once_is_waited_for(places: Places) -> None:
    once = Child("prepare", ("/bin/sh", "-c", "echo done"), {}, output=places.run / "said.txt")
    with Supervisor(places) as supervisor:
        supervisor.run_once(once)
    assert (places.run / "said.txt").read_text() == "done\n"


def test_a_log_that_has_grown_is_put_aside_at_the_next_start(places: Places) -> None:
    (places.log / "prepare.log").write_bytes(b"x" * (PUT_ASIDE_AT + 1))
    with Supervisor(places) as supervisor:
        supervisor.run_once(Child("prepare", ("/bin/sh", "-c", "exit 0"), {}))
    assert (places.log / "prepare.log").stat().st_size < 1000
    assert (places.log / "prepare.log.1").stat().st_size > PUT_ASIDE_AT
