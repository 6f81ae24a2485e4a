"""Helps to wait for what other processes do, and to run a supervisor in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rollback_portal.instance import processes
from rollback_portal.instance.places import Places

DRIVER = Path(__file__).with_name("driver.py")


def eventually(happens: Callable[[], Any], *, within: float = 10.0, what: str = "it") -> Any:
    """Return the first true answer of `happens()`; fail when there is none in so many seconds."""
    give_up_at = time.monotonic() + within
    while time.monotonic() < give_up_at:
        if found := happens():
            return found
        time.sleep(0.02)  # what other processes do can only be looked at again
    raise AssertionError(f"{what} did not happen within {within} s")


def pid_of(places: Places, name: str) -> int:
    """Return the number of the child's process, waiting until it is noted."""
    note = places.run / f"{name}.pid"
    return int(eventually(lambda: note.exists() and json.loads(note.read_text())["pid"], what=f"start of {name}"))


class Driven:
    """A supervisor in a process of its own: `driver.py` says what it runs."""

    def __init__(self, story: str, data: Path, env: dict[str, str]) -> None:
        self.places = Places(data)
        self.errors = data.parent / "driver-errors.txt"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(DRIVER), story, str(data)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=env,
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.errors.read_text()
        self.said: dict[str, str] = json.loads(line)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to stop; returns how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(15)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the supervisor, and only it."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Driven":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        if self.process.stdout:
            self.process.stdout.close()


def gone(pid: int) -> bool:
    """Return whether the process is no more."""
    return processes.birth(pid) is None


def relatives(of: Path) -> list[int]:
    """Return the processes that name the path on their command lines (Linux)."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            try:
                said = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if str(of).encode() in said:
                found.append(int(folder.name))
    return found
