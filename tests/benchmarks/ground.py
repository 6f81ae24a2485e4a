"""What all stand on: one durable Postgres and one Valkey of their own, started as the product starts them."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rollback_portal.instance import children, environment, keys, servers
from rollback_portal.instance.children import Child
from rollback_portal.instance.environment import OWNERS_ONLY, Door
from rollback_portal.instance.places import Places
from rollback_portal.instance.servers import Servers
from rollback_portal.instance.supervisor import Supervisor
from rollback_portal.instance.test import NOT_OURS


@dataclass
class Ground:
    """A running pair of servers. `env` is what a process of the product gets; `owner_url` may change tables."""

    places: Places
    env: dict[str, str]
    owner_url: str
    supervisor: Supervisor

    @property
    def sockets(self) -> Path:
        """The folder of the servers' sockets."""
        return Path((self.places.run / "sockets").read_text())

    def pid(self, name: str) -> int:
        """Return the process id of one of our children, `valkey` or `worker-2`."""
        return int(json.loads((self.places.run / f"{name}.pid").read_text())["pid"])

    def complaints(self) -> list[str]:
        """Return what the workers have warned about so far, in their logs."""
        lines = [line for path in sorted(self.places.log.glob("worker*")) for line in path.read_text().splitlines()]
        return [
            line for line in lines if " WARNING " in line or " ERROR " in line or "WARNING/" in line or "ERROR/" in line
        ]

    def start(self, child: Child) -> None:
        """Start a process that ends with the ground."""
        self.supervisor.start(child)

    def worker(self, number: int) -> Child:
        """Return a worker of the product with the benchmarks' provider in it, otherwise as `bin/up` starts it."""
        usual = children.worker(number, self.env)
        command = tuple("tests.benchmarks.worker" if word == "rollback_portal" else word for word in usual.command)
        return Child(usual.name, command, usual.env, with_us=usual.with_us)


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the servers with production's settings (fsync on), make the tables, and clear it all away afterwards.

    Sets this process's environment as well, so that Django may be set up in the block. The folder is a temporary
    one: `TMPDIR` says on which disk.
    """
    for name in NOT_OURS:
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="rollback-portal-bench-"))
    folder.chmod(0o711)  # as root, the databases' user passes through
    places = Places(folder)
    try:
        places.make()
        secrets = keys.keys(places.keys, databases=places.databases)
        databases = Servers(places, secrets)
        with places.held("benchmarks"), Supervisor(places) as supervisor:
            databases.start(supervisor)
            env = {**os.environ, **environment.surroundings(places, Door("127.0.0.1", 8000, "up"), secrets)}
            env |= {**databases.addresses(), "OUTBOUND_ALLOW": "127.0.0.0/8", "LOG_LEVEL": "WARNING"}
            supervisor.run_once(Child("prepare", (sys.executable, "manage.py", "prepare"), env))
            owner_url = env.pop(OWNERS_ONLY)
            os.environ.update(env)
            yield Ground(places, env, owner_url, supervisor)
    finally:
        servers.remove_sockets(places)
        shutil.rmtree(folder, ignore_errors=True)
