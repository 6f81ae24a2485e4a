"""bin/up: the product, empty, for its first administrator."""

import sys

from rollback_portal.instance.options import parse
from rollback_portal.instance.running import run

if __name__ == "__main__":
    run(parse("up", sys.argv[1:]))
