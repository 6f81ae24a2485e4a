"""The children's logs: one file each, put aside at a start when it has grown."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PUT_ASIDE_AT = 5_000_000  # bytes
TAIL = 15  # lines


class Log:
    """One child's log file."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.log"
        self._since = 0

    @contextmanager
    def open(self) -> Iterator[int]:
        """Give a file descriptor to append to, after a line that says when this start was."""
        if self.path.exists() and self.path.stat().st_size > PUT_ASIDE_AT:
            self.path.replace(self.path.with_suffix(".log.1"))
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, time.strftime("--- started %Y-%m-%dT%H:%M:%SZ ---\n", time.gmtime()).encode())
            self._since = os.fstat(file).st_size
            yield file
        finally:
            os.close(file)

    def tail(self) -> str:
        """Return the last lines since the latest start."""
        with self.path.open("rb") as file:
            file.seek(self._since)
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL:]) or "  (it said nothing)"
