"""A demonstration from the command to the end, with everything killed in between."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from rollback_portal.instance.places import ROOT, Places
from tests.instance.test_ports import a_free_port
from tests.instance.watching import eventually, gone, pid_of, relatives

CHILDREN = ("postgres", "valkey", "simulators", "web", "worker", "beat")


class Demo:
    """One bin/demo."""

    def __init__(self, data: Path, env: dict[str, str], port: int) -> None:
        self.places, self.port = Places(data), port
        command = [str(ROOT / "bin" / "demo"), "--data-dir", str(data), "--port", str(port)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, cwd="/"
        )

    def until_ready(self) -> str:
        """Return what it prints up to the sign-ins. Fails with it when it ends before."""
        said = ""
        for line in self.process.stdout or ():
            said += line
            if "Ctrl-C stops it" in line:
                return said
        raise AssertionError(said)

    def pids(self) -> list[int]:
        return [self.process.pid, *(pid_of(self.places, name) for name in CHILDREN)]

    def answers(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
            return answer.status == 200


def run(command: str, *arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(ROOT / "bin" / command), *arguments], env=env, capture_output=True, text=True, cwd="/")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for what is left")
def test_a_demo_starts_survives_a_kill_of_everything_and_leaves_nothing(
    data: Path, plain_environment: dict[str, str]
) -> None:
    env, port = plain_environment, a_free_port()
    first = Demo(data, env, port)
    try:
        said = first.until_ready()
        assert f"http://localhost:{port}" in said
        assert first.answers()
        again = run("demo", "--data-dir", str(data), "--port", str(port), env=env)
        assert again.returncode == 1
        assert f"is in use by bin/demo (process {first.process.pid})" in again.stderr
        taken = run("up", "--data-dir", str(data.parent / "other"), "--port", str(port), env=env)
        assert taken.returncode == 1
        assert f"port {port} on 127.0.0.1 is taken by another program." in taken.stderr
        assert run("portal", "--data-dir", str(data), "check", env=env).returncode == 0
        simulators = (data / "simulators" / "port").read_text()
    finally:
        for pid in (pids := first.pids()):
            os.kill(pid, signal.SIGKILL)
        first.process.communicate()
    for pid in pids:
        eventually(lambda pid=pid: gone(pid), what=f"end of {pid}")

    second = Demo(data, env, port)
    try:
        second.until_ready()
        assert second.answers()
        assert (data / "simulators" / "port").read_text() == simulators
        pids = second.pids()
    finally:
        began = time.monotonic()
        second.process.send_signal(signal.SIGINT)
        second.process.communicate(timeout=15)
    assert time.monotonic() - began < 5
    assert second.process.returncode == 0
    assert all(gone(pid) for pid in pids)
    assert relatives(data) == []
    assert not (data / "instance.env").exists()
    stopped = run("portal", "--data-dir", str(data), "check", env=env)
    assert stopped.returncode == 0, stopped.stderr
