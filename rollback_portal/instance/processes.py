"""Tells processes apart, remembers ours on disk, and ends those that a killed supervisor left."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

LINUX = sys.platform == "linux"
SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>
GRACE = 3.0  # seconds an orphan gets to end by itself


def birth(pid: int) -> str | None:
    """Return a text that only this process of the number `pid` ever has; None when it is gone."""
    if LINUX:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        # Field 3 of proc(5) is the state, field 22 the start time in ticks since boot.
        return None if fields[0] in "ZX" else f"{_boot()} {fields[19]}"
    found = subprocess.run(["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    state, _, began = found.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else began.strip()


def name_of(pid: int) -> str:
    """Return the name of the program that the process runs, or an empty text."""
    if LINUX:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/comm").read_text().strip()
        return ""
    found = subprocess.run(["/bin/ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True)
    return Path(found.stdout.strip()).name


def number_in_use(pid: int) -> bool:
    """Return whether the kernel still knows the number, be it of a dead process that nobody has collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def dying_with_us(with_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a child must do between fork and exec so that the kernel ends it when we die (Linux only).

    The kernel watches the thread that forked, so children are only ever started from the main thread.
    """
    if not LINUX:
        return None
    libc, parent = ctypes.CDLL(None, use_errno=True), os.getpid()

    def arrange() -> None:
        libc.prctl(SET_PARENT_DEATH_SIGNAL, int(with_signal), 0, 0, 0)
        if os.getppid() != parent:  # we died before the arrangement was made
            os._exit(1)

    return arrange


def remember(folder: Path, name: str, pid: int, ways_to_end: Iterable[signal.Signals]) -> None:
    """Write down that `pid` is ours, and by which signals, gentlest first, it wants to be ended."""
    note = {"pid": pid, "birth": birth(pid), "ways_to_end": [int(way) for way in ways_to_end]}
    draft = folder / f"{name}.new"
    draft.write_text(json.dumps(note))
    draft.replace(folder / f"{name}.pid")


def forget(folder: Path, name: str) -> None:
    """Drop the note about a process that has ended."""
    (folder / f"{name}.pid").unlink(missing_ok=True)


def end_orphans(folder: Path) -> list[str]:
    """End every process noted in `folder` that still lives, and drop the notes. Returns their names."""
    ended = []
    for note in sorted(folder.glob("*.pid")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(note.read_text())
            if told["birth"] and birth(told["pid"]) == told["birth"]:
                _end(told["pid"], told["birth"], [signal.Signals(way) for way in told["ways_to_end"]])
                ended.append(note.stem)
        note.unlink(missing_ok=True)
    return ended


def _end(pid: int, began: str, ways: list[signal.Signals]) -> None:
    for way in ways:
        send(pid, way)
        give_up_at = time.monotonic() + GRACE
        while time.monotonic() < give_up_at:
            if birth(pid) != began:
                return
            time.sleep(0.02)  # not our child: there is nothing portable to wait on


def end_those_working_in(folder: Path) -> None:
    """End every process whose working directory is `folder` (Linux; elsewhere nothing tells them apart)."""
    for link in Path("/proc").glob("[0-9]*/cwd") if LINUX else ():
        with contextlib.suppress(OSError):
            if link.readlink() == folder.resolve() and (began := birth(pid := int(link.parent.name))):
                _end(pid, began, [signal.SIGQUIT, signal.SIGKILL])


def send(pid: int, what: signal.Signals) -> None:
    """Send a signal to a process and all of its group (each child of ours leads a group of its own)."""
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(pid) == pid and what is signal.SIGKILL:
            os.killpg(pid, what)
        else:
            os.kill(pid, what)
