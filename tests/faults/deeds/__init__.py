"""What may be done to the parts of the product, and how often each: one module per kind of part."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.faults.deeds import broker, crowds, database, lines, processes, shortages, versions

if TYPE_CHECKING:
    from tests.faults.injecting import Injector

Deed = Callable[["Injector"], None]

# What is drawn, and how often.
DEEDS: dict[Deed, float] = {
    processes.kill_worker: 10, processes.freeze_worker: 6, processes.skew_clock: 2, processes.kill_beat: 1,
    processes.second_beat: 1, processes.kill_web: 1,
    broker.flush_broker: 2, broker.kill_broker: 2, broker.freeze_broker: 2, broker.cut_broker_clients: 2,
    broker.slow_broker: 1,
    database.end_backends: 5, database.at_commit: 14, database.restart_postgres: 1.2, database.crash_postgres: 1.2,
    lines.partition: 8, lines.one_way: 6, lines.slow_line: 4, lines.reset_lines: 6, lines.cut_after_bytes: 5,
    lines.cut_viewers: 5, lines.silence_viewers: 2,
    shortages.full_disk: 2, shortages.full_disk_of_postgres: 0.6, shortages.slow_disk: 2, shortages.no_handles: 2,
    shortages.no_memory: 1, shortages.busy_machine: 0.5,
    crowds.slow_clients: 1, crowds.storm: 1,
    versions.upgrade: 1,
}  # fmt: skip
if sys.platform != "linux":
    DEEDS = {deed: often for deed, often in DEEDS.items() if deed not in shortages.BY_THE_KERNEL}
