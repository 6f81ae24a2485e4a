"""What the clients did and were told: one JSON line per event, one file per writing process."""

from __future__ import annotations

import itertools
import json
import threading
import time
from pathlib import Path
from typing import Any


class History:
    """The file of one process. `info` means that nobody knows whether it happened: it counts as both."""

    def __init__(self, path: Path, proc: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.proc = path, proc
        self._file = path.open("a", buffering=1)
        self._writing = threading.Lock()
        self._numbers = itertools.count(1)

    def invoke(self, f: str, value: dict[str, Any]) -> str:
        """Write that something is being asked for; returns the operation's name."""
        op = f"{self.proc}-{next(self._numbers)}"
        self._write(op, "invoke", f, value)
        return op

    def end(self, op: str, type_: str, f: str, value: dict[str, Any]) -> None:
        """Write how an operation ended: ok, fail or info."""
        self._write(op, type_, f, value)

    def note(self, f: str, **value: Any) -> None:
        """Write down something that the campaign itself did."""
        self._write(f"{self.proc}-{next(self._numbers)}", "info", f, value)

    def _write(self, op: str, type_: str, f: str, value: dict[str, Any]) -> None:
        line = {
            "proc": self.proc, "op": op, "type": type_, "f": f, "value": value,
            "mono": time.monotonic(), "wall": time.time(),
        }  # fmt: skip
        with self._writing:
            self._file.write(json.dumps(line, default=str) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
