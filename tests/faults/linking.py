"""Orders to the links' process (see links.py), from any thread."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from rollback_portal.instance.places import ROOT
from rollback_portal.instance.processes import dying_with_us


class Links:
    """Every link of the rig. Use it as a context; `port[name]` is where a link is entered."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.port: dict[str, int] = {}
        self._asking = threading.Lock()

    def __enter__(self) -> Links:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.links"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.logs / "links.log").open("ab"),
            start_new_session=True,
            preexec_fn=dying_with_us(signal.SIGKILL),
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _order(self, do: str, name: str, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            self._process.stdin.write(json.dumps({"do": do, "name": name, **more}).encode() + b"\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def open_to_socket(self, name: str, path: Path) -> int:
        """Open a link to a Unix socket; returns its port."""
        self.port[name] = self._order("open", name, to=["unix", str(path)])["port"]
        return self.port[name]

    def open_to_port(self, name: str, port: int) -> int:
        """Open a link to a port of this machine; returns its own."""
        self.port[name] = self._order("open", name, to=["tcp", "127.0.0.1", port])["port"]
        return self.port[name]

    def slow(self, name: str, seconds: float) -> None:
        """Delay everything on a link."""
        self._order("set", name, latency=seconds)

    def silence(self, name: str, *, up: bool = False, down: bool = False) -> None:
        """Let nothing through; with `up` or `down` that direction still flows."""
        self._order("set", name, up=up, down=down)

    def heal(self, name: str) -> None:
        """Let everything through at once again."""
        self._order("set", name)

    def reset(self, name: str) -> int:
        """Break every connection; returns how many there were."""
        return int(self._order("reset", name)["broken"])

    def cut_after(self, name: str, size: int) -> None:
        """Break the next connection after so many bytes; 0 forgets that."""
        self._order("cut", name, bytes=size)

    def at_commit(self, name: str, how: list[str]) -> int:
        """Arm (or, with an empty list, disarm) a link for its next COMMITs; returns how many it has met so far."""
        return int(self._order("commit", name, how=how)["met"])
