"""`python -m apps.providers.simulation --port N [--data-dir D] [--describe]`: needs no Django and no
database.
"""

import argparse
import json
import sys
from pathlib import Path

from .index import described
from .registry import simulators
from .serving import CannotServe, opened, serve
from .world import World


def main(arguments: list[str] | None = None) -> int:
    """Serves the simulators or prints their starting world; returns the exit code."""
    parser = argparse.ArgumentParser(prog="simulators", description="Serve a simulator of every provider.")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data-dir", type=Path, default=None, help="keeps state and journal; without it: in memory")
    parser.add_argument("--describe", action="store_true", help="print the starting world as JSON and end")
    options = parser.parse_args(arguments)
    try:
        if options.describe:
            world = World(simulators(), opened(options.data_dir))
            print(json.dumps(described(world, f"http://{options.host}:{options.port}"), indent=2))
        else:
            serve(options.port, host=options.host, data_dir=options.data_dir)
    except CannotServe as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
