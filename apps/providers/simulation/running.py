"""Starts the simulators as a process of their own, for tests and drills, and speaks with their control door.

with run() as simulators:
    simulators.address("vercel")                 # http://127.0.0.1:PORT/vercel
    simulators.control("faults", {"kind": "status", "slug": "vercel", "status": 503})
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from .registry import BUILT_IN

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 20
STOP_SECONDS = 5


class SimulatorsDown(RuntimeError):
    """The process did not start or does not answer; the text holds what it printed."""


class Simulators:
    """A running simulators' process. `before_exec` is called in it between fork and exec."""

    def __init__(
        self, port: int = 0, data_dir: Path | None = None, before_exec: Callable[[], None] | None = None
    ) -> None:
        self.port = port
        self.data_dir = data_dir
        self._before_exec = before_exec
        self._addresses: dict[str, tuple[str, str]] = {}
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as this object
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts the process and waits until it has said where everybody answers. Raises `SimulatorsDown`."""
        command = [sys.executable, "-m", "apps.providers.simulation", "--port", str(self.port)]
        if self.data_dir:
            command += ["--data-dir", str(self.data_dir)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True, preexec_fn=self._before_exec
        )
        # A start that hangs is ended by the timer; reading its output then comes to an end too.
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            self._read_addresses(self._process)
        finally:
            timer.cancel()

    def stop(self) -> None:
        """Asks the process to end and waits for it; kills it when it does not."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._forget(process)

    def kill(self) -> None:
        """Ends the process at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget(self._process)

    @property
    def pid(self) -> int:
        """The process's id, 0 while it is not running."""
        return self._process.pid if self._process else 0

    def address(self, slug: str) -> str:
        """Where a provider answers under its prefix on the common port."""
        return self._addresses[slug][0]

    def root_address(self, slug: str) -> str:
        """Where a provider answers at the root of a port of its own."""
        return self._addresses[slug][1]

    def describe(self) -> dict[str, Any]:
        """`{slug: {base_url, settings, credentials, objects}}` as `POST /connections` takes it."""
        described: dict[str, Any] = self.control("describe")
        return described

    def control(self, path: str, body: dict[str, Any] | None = None, *, method: str = "") -> Any:
        """Asks the control door: GET without a body, POST with one. Raises `SimulatorsDown` for a refusal."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            sent = None if body is None else json.dumps(body)
            verb = method or ("GET" if body is None else "POST")
            connection.request(verb, f"/_control/{path}", sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            data = json.loads(answer.read())
        except OSError as error:
            raise SimulatorsDown(f"The simulators on port {self.port} do not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise SimulatorsDown(f"The control door refused {path}: {data}")
        return data

    def reset(self) -> None:
        """Everything as at the first start."""
        self.control("reset", {})

    def fault(self, kind: str, **line: Any) -> None:
        """Adds one line to the script of trouble (see `faults.Fault`)."""
        self.control("faults", {"kind": kind, **line})

    def advance(self, seconds: float) -> None:
        """Pushes the simulators' clock: jobs under way come due without waiting."""
        self.control("clock", {"advance_seconds": seconds})

    def settings(self, slug: str, **habits: Any) -> dict[str, Any]:
        """Changes a provider's habits; returns all of them."""
        changed: dict[str, Any] = self.control(f"settings/{slug}", habits)
        return changed

    def do(self, slug: str, deed: str, **order: Any) -> Any:
        """Lets something happen at a provider by other hands."""
        return self.control(f"do/{slug}/{deed}", order)

    def state(self, slug: str) -> dict[str, Any]:
        """A provider's state."""
        found: dict[str, Any] = self.control(f"state/{slug}")
        return found

    def journal(self, slug: str = "") -> list[dict[str, Any]]:
        """Every mutating request since the last reset, oldest first."""
        entries: list[dict[str, Any]] = self.control(f"journal?slug={slug}")
        return entries

    def log(self) -> str:
        """What the process has complained about so far."""
        return os.pread(self._log.fileno(), 65536, 0).decode("utf-8", "replace").strip()

    def effects(self, slug: str = "") -> list[dict[str, Any]]:
        """What was really changed, in order: the effects of all journal entries."""
        return [effect for entry in self.journal(slug) for effect in entry["effects"]]

    def _read_addresses(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            slug, prefix, root = line.rstrip("\n").split("\t")
            self._addresses[slug] = (prefix, root)
            if set(self._addresses) >= set(BUILT_IN):
                self.port = int(prefix.split(":")[2].split("/")[0])
                return
        process.wait()
        self._forget(process)
        raise SimulatorsDown(f"The simulators did not start: {self.log() or process.returncode}")

    def _forget(self, process: "subprocess.Popen[str]") -> None:
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        self._addresses = {}


@contextmanager
def run(*, port: int = 0, data_dir: Path | None = None) -> Iterator[Simulators]:
    """Runs the simulators for as long as the context lasts; `port` 0 lets the system choose."""
    simulators = Simulators(port, data_dir)
    simulators.start()
    try:
        yield simulators
    finally:
        simulators.stop()
