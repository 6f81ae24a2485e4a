"""`python -m tests.benchmarks steps|profile|approve|freeze|hundred|all`: measure on durable servers, print tables."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable

from tests.benchmarks.ground import Ground, ground

Given = argparse.Namespace


def _steps(ready: Ground, given: Given) -> None:
    from tests.benchmarks import steps

    print(steps.table(steps.measure(ready, given.steps or 30, given.rounds)))


def _profile(ready: Ground, given: Given) -> None:
    subprocess.run([sys.executable, "-m", "tests.benchmarks.cost"], env=ready.env, check=True)


def _approve(ready: Ground, given: Given) -> None:
    _set_up()
    from tests.benchmarks import approval

    print(approval.table(approval.measure(ready, given.rollbacks or 40)))


def _freeze(ready: Ground, given: Given) -> None:
    _set_up()
    from tests.benchmarks import freezing

    print(freezing.table(freezing.measure(ready, given.rollbacks or 12)))


def _hundred(ready: Ground, given: Given) -> None:
    _set_up()
    from tests.benchmarks import hundred

    print(hundred.table(hundred.measure(ready, given.rollbacks or 100, given.steps or 10, given.action)))


BENCHMARKS: dict[str, Callable[[Ground, Given], None]] = {
    "steps": _steps,
    "approve": _approve,
    "freeze": _freeze,
    "hundred": _hundred,
    "profile": _profile,
}


def _set_up() -> None:
    """Let this process speak with the ground's database; each benchmark has a process of its own."""
    import django

    django.setup()
    from tests.benchmarks import noop

    noop.register()


def main() -> None:
    """Run what was asked for."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    asked.add_argument("what", choices=[*BENCHMARKS, "all"])
    asked.add_argument("--steps", type=int, help="steps of each rollback")
    asked.add_argument("--rounds", type=int, default=15, help="runs of each contestant of `steps`")
    asked.add_argument("--rollbacks", type=int, help="how many rollbacks")
    asked.add_argument("--action", default="second", help="`hundred`: nothing, or second (a provider that takes one)")
    given = asked.parse_args()
    if given.what == "all":
        for name in ("steps", "approve", "freeze", "hundred"):
            subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True)
        return
    with ground() as ready:
        print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Postgres with fsync on", flush=True)
        BENCHMARKS[given.what](ready, given)
        if complaints := ready.complaints():
            print(f"{len(complaints)} complaints in the logs; the first: {complaints[0]}")


if __name__ == "__main__":
    main()
