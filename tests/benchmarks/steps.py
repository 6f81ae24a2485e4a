"""Time per step: every contestant in turn, round after round, on the same servers at the same time of day."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles

from rollback_portal.instance.children import Child
from rollback_portal.instance.places import ROOT
from tests.benchmarks.ground import Ground

NAMES = {
    "engine": "Rollback Portal's engine",
    "dbos": "DBOS",
    "celery": "bare Celery chain (keeps nothing)",
    "loop": "bare loop, two commits a step",
}


@contextmanager
def contestant(name: str, ground: Ground) -> Iterator[subprocess.Popen[str]]:
    """Start one and wait until it is ready."""
    env = {**ground.env, "BENCH_OWNER_URL": ground.owner_url}
    command = [sys.executable, "-m", "tests.benchmarks.contestants", name]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        _answer(process, "ready")
        yield process
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(10)


def _answer(process: subprocess.Popen[str], expected: str = "") -> str:
    assert process.stdout
    said = process.stdout.readline().strip()
    if not said or (expected and said != expected):
        raise RuntimeError(f"{process.args}: {said or 'ended without an answer'}")
    return said


def _bare_worker(ground: Ground) -> Child:
    command = (sys.executable, "-m", "celery", "-A", "tests.benchmarks.bare_celery", "worker", "--pool", "threads")
    quiet = ("--concurrency", "4", "-Q", "bare", "--without-gossip", "--without-mingle", "-n", "bare@%h")
    return Child("worker-bare", (*command, *quiet), ground.env)


@dataclass
class Found:
    """Milliseconds per step, one figure per round: on the clock, and at work in the contestant's own process."""

    wall: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)


def measure(ground: Ground, steps: int, rounds: int, warm: int = 2) -> dict[str, Found]:
    """Let each contestant run once per round. Rounds to get warm do not count."""
    ground.start(_bare_worker(ground))
    found = {name: Found() for name in NAMES}
    with ExitStack() as stack:
        running = {name: stack.enter_context(contestant(name, ground)) for name in NAMES}
        for turn in range(warm + rounds):
            for name, process in running.items():
                assert process.stdin
                print(steps, file=process.stdin, flush=True)
                wall, own = (float(seconds) * 1000 / steps for seconds in _answer(process).split())
                if turn >= warm:
                    found[name].wall.append(wall)
                    found[name].own.append(own)
    return found


def p95(figures: list[float]) -> float:
    """Return the 95th percentile."""
    return quantiles(figures, n=20, method="inclusive")[18] if len(figures) > 1 else figures[0]


def table(found: dict[str, Found]) -> str:
    """Write the figures beside each other. A chain's work is done in its worker, so its own figure says nothing."""
    lines = [
        "| milliseconds per step | median | p95 | times DBOS | of it own work | times DBOS |",
        "|---|---|---|---|---|---|",
    ]
    for name, title in NAMES.items():
        wall, own = median(found[name].wall), median(found[name].own)
        times, times_own = wall / median(found["dbos"].wall), own / median(found["dbos"].own)
        last = f"{own:.2f} | {times_own:.2f}" if name != "celery" else "– | –"
        lines.append(f"| {title} | {wall:.2f} | {p95(found[name].wall):.2f} | {times:.2f} | {last} |")
    return "\n".join(lines)
