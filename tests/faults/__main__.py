"""`python -m tests.faults --executions N --seed S`: run a fault campaign and say what came of it."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
from pathlib import Path

from rollback_portal.instance.speaking import Trouble
from tests.faults.campaign import Wish, run
from tests.faults.telling import report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a campaign to a parser."""
    parser.add_argument("--executions", type=int, default=200, help="rollbacks to run (200)")
    parser.add_argument("--seed", type=int, default=None, help="repeats the choices of an earlier campaign")
    parser.add_argument("--minutes", type=float, default=60.0, help="end it after so many minutes (60)")
    parser.add_argument("--keep", type=Path, default=None, help="keep histories, journal and logs in this folder")
    parser.add_argument("--environments", type=int, default=24, help="rollbacks at the same time (24)")
    parser.add_argument("--production", type=float, default=0.02, help="share with production's clocks (0.02)")
    parser.add_argument("--faults-per-second", type=float, default=1.0, help="of processes, servers and lines (1)")


def perform(options: argparse.Namespace) -> int:
    """Run the campaign that the options describe; returns the exit code: 1 after a violation."""
    seed = options.seed if options.seed is not None else secrets.randbelow(10**9)
    _say(f"seed {seed}")
    keep = Path(os.environ.get("PORTAL_CALLED_FROM", "."), options.keep).resolve() if options.keep else None
    wish = Wish(
        options.executions, seed, options.minutes, keep, slots=options.environments,
        per_second=options.faults_per_second, production=options.production,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped is stopped: everything is cleared away
    try:
        outcome = run(wish, _say)
    except Trouble as trouble:
        print(f"faults: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("faults: stopped; nothing is left running.", file=sys.stderr)
        return 130
    for line in report(outcome):
        _say(line)
    return 1 if outcome.verdict["violations"] or not outcome.tally.executions else 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    add_arguments(parser)
    sys.exit(perform(parser.parse_args()))
