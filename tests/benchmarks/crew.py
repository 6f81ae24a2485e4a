"""Real worker processes, and figures said in one way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from apps.rollbacks import polling
from rollback_portal.celery import app
from tests.benchmarks.ground import Ground

READY_WITHIN = 60.0


def start_workers(ground: Ground, count: int) -> None:
    """Start so many workers and wait until each polls Postgres and listens to the broker."""
    for number in range(1, count + 1):
        ground.start(ground.worker(number))
    until(lambda: polling.workers_alive() >= count, READY_WITHIN)
    until(lambda: len(app.control.ping(timeout=0.5)) >= count, READY_WITHIN)


def until(holds: Callable[[], bool], seconds: float, every: float = 0.02) -> None:
    """Wait until something holds in another process. Raises TimeoutError after so many seconds."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {seconds:.0f} s in vain")
        time.sleep(every)  # what is awaited happens elsewhere; a query is the only way to see it


def percentile(figures: Sequence[float], share: float) -> float:
    """Return the smallest figure that `share` of all (0 to 1) do not exceed."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]


def said(figures: Sequence[float]) -> str:
    """Write median, p95 and the largest as cells of a table, in milliseconds."""
    return f"{median(figures) * 1000:.0f} | {percentile(figures, 0.95) * 1000:.0f} | {max(figures) * 1000:.0f}"
