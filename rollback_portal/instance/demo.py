"""bin/demo: the product with four organisations, simulated providers, and a bad release to roll back."""

import sys

from rollback_portal.instance.options import parse
from rollback_portal.instance.running import run

if __name__ == "__main__":
    run(parse("demo", sys.argv[1:]))
