"""`python -m tests.benchmarks [steps …]`: measure on durable servers of our own, and print tables."""

from __future__ import annotations

import argparse
import os

from tests.benchmarks import steps
from tests.benchmarks.ground import ground


def main() -> None:
    """Run what was asked for."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    asked.add_argument("what", nargs="*", default=["steps"])
    asked.add_argument("--steps", type=int, default=30, help="steps per run")
    asked.add_argument("--rounds", type=int, default=15, help="runs of each contestant")
    given = asked.parse_args()
    with ground() as ready:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Postgres with fsync on", flush=True)
        if "steps" in given.what:
            print(steps.table(steps.measure(ready, given.steps, given.rounds)), flush=True)


if __name__ == "__main__":
    main()
