"""python -m tests.security.fuzz --seconds 600 --role viewer: the hunt of test_fuzz, for as long as one likes.

Needs DATABASE_URL and the other variables that tests need; without a role everybody takes part in turn.
"""

from __future__ import annotations

import argparse
import os
import sys

import pytest


def main() -> int:
    """Run the hunt; returns pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--role", default="", help="one of the parts in tests/security/world.py")
    given = parser.parse_args()
    os.environ["FUZZ_SECONDS"], os.environ["FUZZ_ROLE"] = str(given.seconds), given.role
    return int(pytest.main(["-q", "-s", "-p", "no:cacheprovider", "tests/security/test_fuzz.py"]))


if __name__ == "__main__":
    sys.exit(main())
