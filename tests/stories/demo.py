"""One running bin/demo: its address, its simulated outside, and its processes, which can be killed and frozen."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from apps.providers.simulation import Simulators
from rollback_portal.instance.places import Places
from rollback_portal.instance.test import NOT_OURS
from tests.acceptance.instance import ROOT
from tests.instance.test_ports import a_free_port

START_WITHIN, STOP_WITHIN = 150.0, 30.0  # seconds; other tests keep the machine busy


class Instance:
    """A supervisor and its children, started by one of the commands of bin/."""

    def __init__(self, command: str, folder: Path, **more: str) -> None:
        self.data, self.port = folder / "data", a_free_port()
        self.url = f"http://localhost:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.env = {**kept, **more}
        self.told = folder / "told.txt"
        arguments = [str(ROOT / "bin" / command), "--port", str(self.port), "--data-dir", str(self.data)]
        with self.told.open("w") as told:
            self.process = subprocess.Popen(
                arguments, env=self.env, stdout=told, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def until_ready(self) -> None:
        """Wait for /readyz 200. Raises AssertionError with what it printed."""
        eventually(self._ready, within=START_WITHIN, what=lambda: f"readiness:\n{self.told.read_text()}")

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.told.read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def pid(self, name: str) -> int:
        """Return the process id of a child."""
        return int(json.loads((self.data / "run" / f"{name}.pid").read_text())["pid"])

    def send(self, name: str, what: signal.Signals) -> int:
        """Send a signal to a child; returns its process id."""
        pid = self.pid(name)
        os.kill(pid, what)
        return pid

    def portal(self, *arguments: str) -> str:
        """Run bin/portal against this instance and return its stdout."""
        command = [str(ROOT / "bin" / "portal"), "--data-dir", str(self.data), *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return done.stdout

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STOP_WITHIN)


class Demo(Instance):
    """bin/demo, with simulators that are quicker than real providers."""

    def __init__(self, folder: Path) -> None:
        super().__init__("demo", folder)

    def until_ready(self) -> None:
        """Wait, then make the outside quick."""
        super().until_ready()
        self.password = (self.data / "demo-password").read_text().strip()
        self.outside = Simulators(int((self.data / "simulators" / "port").read_text()))
        self.quick()

    def quick(self) -> None:
        """Let production move within two seconds."""
        self.outside.settings("vercel", propagation_seconds=1.5, edge_delay_seconds=0.3)

    def slow(self, seconds: float = 9.0) -> None:
        """Let production take its time, so that a run can be watched, paused and disturbed."""
        self.outside.settings("vercel", propagation_seconds=seconds, edge_delay_seconds=0.3)

    def served(self) -> str:
        """Return the deployment that a visitor of the customer's site gets."""
        url = f"http://127.0.0.1:{self.outside.port}/site/motion-mavericks/api/health"
        return httpx.get(url, timeout=10).headers["x-deployment-id"]


@contextlib.contextmanager
def started(make: Callable[[Path], Instance]) -> Iterator[Any]:
    """Give a running instance in a folder of its own, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="portal story "))
    folder.chmod(0o711)  # as root, the database's own user passes through
    instance = make(folder)
    try:
        instance.until_ready()
        yield instance
    finally:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            instance.send("web", signal.SIGCONT)  # a test may have left it frozen
        instance.stop()
        if instance.data.is_dir():
            Places(instance.data).empty()
        shutil.rmtree(folder, ignore_errors=True)


def eventually(
    happens: Callable[[], Any], *, within: float = 30.0, what: str | Callable[[], str] = "it", every: float = 0.1
) -> Any:
    """Return the first true answer of `happens()`. Raises AssertionError when there is none within so many seconds."""
    give_up_at = time.monotonic() + within
    while time.monotonic() < give_up_at:
        if found := happens():
            return found
        time.sleep(every)  # what other processes do can only be looked at again
    raise AssertionError(f"Within {within:.0f} s there was no {what() if callable(what) else what}")
