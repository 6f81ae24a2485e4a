"""Run one process without a shell, in a group of its own, and end the whole group when the time is over."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEAD_BYTES, TAIL_BYTES = 8 * 1024, 24 * 1024
GRACE_SECONDS = 1.0  # between asking a group to end and ending it
LEFT_BEHIND_SECONDS = 0.2  # how long a pipe may stay open after the process itself has ended
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal), what it wrote, and whether the time was over."""

    code: int
    output: str
    late: bool
    seconds: float


def run(line: Sequence[str], directory: str, variables: Mapping[str, str], seconds: float) -> Ended:
    """Run a command line for at most so many seconds, and keep the beginning and the end of what it writes.

    Raises OSError where the process could not be started.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        list(line), cwd=directory, env=dict(variables), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, close_fds=True,
    )  # fmt: skip
    kept = _Kept()
    try:
        late = _listen(process, kept, began + seconds)
    finally:
        _end(process)
    return Ended(process.returncode, kept.text(), late, time.monotonic() - began)


class _Kept:
    """The first and the last bytes of an output of any length."""

    def __init__(self) -> None:
        self.head, self.tail, self.cut = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        """Take another piece."""
        room = HEAD_BYTES - len(self.head)
        self.head += data[:room]
        self.tail += data[room:] if room > 0 else data
        if over := max(len(self.tail) - TAIL_BYTES, 0):
            self.cut += over
            del self.tail[:over]

    def text(self) -> str:
        """Return it as plain text, without colours and other control characters."""
        middle = f"\n… {self.cut} bytes …\n".encode() if self.cut else b""
        text = _ESCAPES.sub("", (self.head + middle + self.tail).decode(errors="replace"))
        return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text).strip()


def _listen(process: subprocess.Popen[bytes], kept: _Kept, until: float) -> bool:
    """Read until the process has ended or the time is over; says whether it was."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        ended_at: float | None = None
        while time.monotonic() < until:
            if selector.select(timeout=min(LEFT_BEHIND_SECONDS, max(until - time.monotonic(), 0))):
                data = os.read(process.stdout.fileno(), 65536)
                if not data:
                    return _waits(process, until)
                kept.add(data)
            if process.poll() is not None:
                ended_at = ended_at or time.monotonic()
                if time.monotonic() - ended_at > LEFT_BEHIND_SECONDS:
                    return False  # something it started still holds the pipe; the group is ended next
    return process.poll() is None


def _waits(process: subprocess.Popen[bytes], until: float) -> bool:
    try:
        process.wait(max(until - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return True
    return False


def _end(process: subprocess.Popen[Any]) -> None:
    """End the group: first asked, then not; also what the process left behind."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _signal(process: subprocess.Popen[Any], number: int) -> None:
    """Send a signal to the group, whose number is the process's own as it leads it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
