"""Shortages: a disk that takes nothing more, or slowly; no handles, no memory, no processor (F15, F16).

The kernel refuses what a process asks for, as limits of that process: nothing outside of the rig runs short.
"""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.rig import WORKERS

if TYPE_CHECKING:
    from tests.faults.injecting import Injector

PROCESSES = (*WORKERS, *WORKERS, "web", "beat")
UNLIMITED = resource.RLIM_INFINITY
SLOW_COMMIT = "commit_delay = {delay}\ncommit_siblings = 0\n"


def full_disk(injector: Injector) -> None:
    """F15: a process can write to no file: not to its log, the spool of results, or the anchors."""
    _limited(injector, "F15", "the disk takes nothing from", resource.RLIMIT_FSIZE, lambda _: 0)


def full_disk_of_postgres(injector: Injector) -> None:
    """F15: Postgres can write to no file. It panics at the next commit and comes back once there is room."""
    if "disk" in injector.busy:
        return
    postgres = injector.rig.databases.postgres
    postgres.limit_files("0:")

    def make_room() -> None:
        postgres.limit_files("unlimited:")
        postgres.come_back()

    seconds = injector.rng.uniform(0.3, 2.0)
    injector.heal_after("disk", seconds, "F15", "the disk takes nothing from Postgres", make_room)


def slow_disk(injector: Injector) -> None:
    """F16: every commit waits for its disk."""
    if "slow disk" in injector.busy:
        return
    databases = injector.rig.databases
    databases.configure(SLOW_COMMIT.format(delay=injector.rng.choice((10_000, 50_000, 100_000))))
    seconds = injector.rng.uniform(1.0, 6.0)
    what = "commits wait for the disk"
    injector.heal_after("slow disk", seconds, "F16", what, lambda: databases.configure(""), hits=False)


def no_handles(injector: Injector) -> None:
    """F16: a process may open hardly anything more."""
    spare = injector.rng.choice((0, 1, 3))
    _limited(injector, "F16", "no handles for", resource.RLIMIT_NOFILE, lambda pid: _handles(pid) + spare)


def no_memory(injector: Injector) -> None:
    """F16: a process gets hardly any more memory."""
    spare = injector.rng.choice((0, 1 << 20, 8 << 20))
    _limited(injector, "F16", "no memory for", resource.RLIMIT_AS, lambda pid: _memory(pid) + spare)


def busy_machine(injector: Injector) -> None:
    """F16: others take the processors for themselves."""
    if "processors" in injector.busy:
        return
    call = {"function": "tests.faults.victim:burn", "arguments": {"seconds": 30.0}}
    result = str(injector.rig.folder / "burnt.json")
    hogs = [injector.rig.zygote.fork("call", f"hog-{number}", **call, result=result) for number in (1, 2)]

    def end() -> None:
        for hog in hogs:
            hog.kill()

    injector.heal_after("processors", injector.rng.uniform(1.0, 3.0), "F16", "the processors are busy", end, hits=False)


def _limited(injector: Injector, kind: str, what: str, limit: int, value: Callable[[int], int]) -> None:
    """Set a limit of one process for a while. A process that does not bear it dies, and comes back without it."""
    name = injector.rng.choice(PROCESSES)
    key = f"{name}'s limit"
    child = injector.rig.children[name]
    if key in injector.busy or not child.alive:
        return
    with contextlib.suppress(OSError):  # it has just ended
        _limit(child.pid, limit, value(child.pid))
    seconds = injector.rng.uniform(0.5, 4.0)

    def lift() -> None:
        if child.alive:
            _limit(child.pid, limit, UNLIMITED)

    injector.heal_after(key, seconds, kind, f"{what} {name}", lift, hits=name in WORKERS)


def _limit(pid: int, limit: int, value: int) -> None:
    """Set how much a process may have; its upper limit stays, so that it can be lifted again."""
    with contextlib.suppress(ProcessLookupError):
        _, most = resource.prlimit(pid, limit)
        resource.prlimit(pid, limit, (most if value == UNLIMITED else value, most))


def _handles(pid: int) -> int:
    """Return the number after the highest handle of a process; 0 when it has just ended and holds none."""
    return max((int(path.name) + 1 for path in Path(f"/proc/{pid}/fd").iterdir()), default=0)


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


BY_THE_KERNEL = (full_disk, full_disk_of_postgres, no_handles, no_memory)  # limits of running processes: Linux only
