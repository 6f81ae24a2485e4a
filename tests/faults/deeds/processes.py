"""Faults of processes: they are killed or frozen, or live in another time (F1, F3 to F5, F14)."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.faults.rig import WORKERS

if TYPE_CHECKING:
    from tests.faults.injecting import Injector


def kill_worker(injector: Injector) -> None:
    """F1."""
    name = injector.rng.choice(WORKERS)
    held = injector.held(name)
    injector.rig.kill(name)
    injector.tally.fault("F1", name, affected=held)


def freeze_worker(injector: Injector) -> None:
    """F3: a zombie wakes up after its lease has run out."""
    name = injector.rng.choice(WORKERS)
    if name in injector.busy:
        return
    child = injector.rig.children[name]
    child.signal(signal.SIGSTOP)
    seconds = injector.rng.uniform(0.5, 3.0) * injector.rig.lease_seconds
    injector.heal_after(name, seconds, "F3", f"{name} frozen for {seconds:.1f} s", lambda: child.signal(signal.SIGCONT))


def skew_clock(injector: Injector) -> None:
    """F14: the worker (or the web process) comes back in another time."""
    name = injector.rng.choice((*WORKERS, *WORKERS, "web"))
    if name in injector.busy:
        return
    ahead, rate = injector.rng.choice(((5, 1), (-5, 1), (3600, 1), (-3600, 1), (0, 10)))
    injector.rig.kill(name)
    injector.rig.start(name, clock={"ahead": float(ahead), "rate": float(rate)})
    injector.tally.fault("F14", f"{name} {ahead:+d} s, {rate} times as fast")


def kill_beat(injector: Injector) -> None:
    """F5."""
    injector.rig.kill("beat")
    injector.tally.fault("F5", "beat killed")


def second_beat(injector: Injector) -> None:
    """F5."""
    if "beat-2" in injector.busy:
        return
    child = injector.rig.start("beat-2")
    injector.heal_after("beat-2", 5.0, "F5", "two beats", child.kill)


def kill_web(injector: Injector) -> None:
    """F4."""
    injector.rig.kill("web")
    injector.tally.fault("F4", "web killed")
