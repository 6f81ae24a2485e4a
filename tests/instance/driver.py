"""Runs a supervisor over small children, or over the real databases, for the tests of this folder."""

import json
import os
import sys
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

from rollback_portal.instance import keys as secret_keys
from rollback_portal.instance import processes
from rollback_portal.instance.children import Child
from rollback_portal.instance.places import Places
from rollback_portal.instance.servers import Servers
from rollback_portal.instance.supervisor import Supervisor

# Writes its name when it is told to end, then does.
OBEDIENT = 'trap \'echo "$0" >> "$1"; exit 0\' TERM INT; echo up; while :; do sleep 0.05; done'
DEAF = "trap '' TERM; echo up; while :; do sleep 0.05; done"


def small(supervisor: Supervisor, places: Places) -> dict[str, str]:
    """Children in each stage that write down in which order they were told to end."""
    ended = str(places.data / "ended")
    for name in ("postgres", "valkey", "simulators", "web", "worker", "beat"):
        ways = {"ways_to_end": (SIGINT, SIGQUIT, SIGKILL), "with_us": SIGINT} if name == "postgres" else {}
        supervisor.start(Child(name, ("/bin/sh", "-c", OBEDIENT, name, ended), dict(os.environ), **ways))
    return {}


def deaf(supervisor: Supervisor, places: Places) -> dict[str, str]:
    """Children that do not listen."""
    for name in ("simulators", "web", "worker"):
        supervisor.start(Child(name, ("/bin/sh", "-c", DEAF), dict(os.environ)))
    return {}


def databases(supervisor: Supervisor, places: Places) -> dict[str, str]:
    """The embedded Postgres and Valkey."""
    servers = Servers(places, secret_keys.keys(places.keys, databases=places.databases))
    servers.start(supervisor)
    return servers.addresses()


def main(story: str, data: str) -> None:
    """Start the story's children, print what it says as one line of JSON, and watch until told to stop."""
    places = Places(Path(data))
    places.make()
    with places.held("test"):
        ended = processes.end_orphans(places.run)
        with Supervisor(places) as supervisor:
            said = {"small": small, "deaf": deaf, "databases": databases}[story](supervisor, places)
            print(json.dumps({**said, "orphans": ",".join(ended)}), flush=True)
            supervisor.watch()


if __name__ == "__main__":
    main(*sys.argv[1:])
