"""bin/portal: the management command line against one instance, running or stopped."""

import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from rollback_portal.instance import children, environment, given, preparation, processes, servers
from rollback_portal.instance import keys as secret_keys
from rollback_portal.instance.foreground import foreground
from rollback_portal.instance.options import data_directory
from rollback_portal.instance.places import ROOT, InUse, Places
from rollback_portal.instance.servers import Servers
from rollback_portal.instance.speaking import Stopped, Trouble, give_up
from rollback_portal.instance.supervisor import Supervisor

SIMULATORS = (children.PYTHON, "-m", "apps.providers.simulation")
MANAGE = (children.PYTHON, "manage.py")
UNPREPARED = {
    "help",
    "check",
    "prepare",
    "migrate",
    "makemigrations",
    "showmigrations",
    "sqlmigrate",
    "collectstatic",
}
# The fault campaign makes everything it needs by itself; settings are read without any instance.
OF_NO_INSTANCE = {"SECRET_KEY": "of-no-instance", "DATABASE_URL": "postgresql://localhost/none"}
OPEN_WITHIN = 90.0  # seconds that an instance which is just starting is waited for


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit code."""
    if arguments[:1] == ["simulators"]:
        _become((*SIMULATORS, *arguments[1:]), dict(os.environ))
    if arguments[:1] == ["faults"]:
        _become((*MANAGE, *arguments), {**os.environ, **OF_NO_INSTANCE})
    data, rest = _split(arguments)
    places = Places(data_directory(data))
    try:
        places.make()
        try:
            with places.held("portal"):
                return _with_stopped_instance(places, rest)
        except InUse as in_use:
            called_from = os.environ.get("PORTAL_CALLED_FROM", ".")  # ours, not where the instance was started
            env = {**os.environ, **_of_running_instance(places, in_use), "PORTAL_CALLED_FROM": called_from}
            _become((*MANAGE, *rest), env)
    except Trouble as trouble:
        give_up("portal", trouble)
    except Stopped:
        return 130


def _split(arguments: list[str]) -> tuple[Path | None, list[str]]:
    """Take --data-dir out of the arguments, wherever it stands."""
    data, rest, words = None, [], iter(arguments)
    for word in words:
        if word == "--data-dir":
            data = Path(next(words, ""))
        elif word.startswith("--data-dir="):
            data = Path(word.partition("=")[2])
        else:
            rest.append(word)
    return data, rest


def _of_running_instance(places: Places, in_use: InUse) -> dict[str, str]:
    """Return the environment of the instance that holds the directory, waiting while it is still starting."""
    give_up_at = time.monotonic() + OPEN_WITHIN
    while time.monotonic() < give_up_at:
        if places.environment.exists():
            return environment.kept(places.environment)
        time.sleep(0.1)  # another command writes the file
    raise in_use


def _with_stopped_instance(places: Places, arguments: list[str]) -> int:
    processes.end_orphans(places.run)
    places.environment.unlink(missing_ok=True)
    secrets = secret_keys.keys(places.keys, databases=places.databases)
    databases = Servers(places, secrets)
    try:
        with Supervisor(places) as supervisor:
            if not databases.own_database:
                given.check("DATABASE_URL")
            databases.start(supervisor, broker=False)
            env = {**os.environ, **_surroundings(places, secrets), **databases.addresses()}
            if arguments and arguments[0] not in UNPREPARED and not arguments[0].startswith("-"):
                _prepare(places, databases, supervisor, env)
            return foreground((*MANAGE, *arguments), env)
    finally:
        servers.remove_sockets(places)


def _surroundings(places: Places, secrets: dict[str, str]) -> dict[str, str]:
    door = environment.kept_door(places.door)
    found = environment.surroundings(places, door, secrets)
    port = places.simulators / "port"
    if door.mode == "demo" and port.exists():
        found["PORTAL_SIMULATORS_URL"] = f"http://127.0.0.1:{port.read_text().strip()}"
    return found


def _prepare(places: Places, databases: Servers, supervisor: Supervisor, env: dict[str, str]) -> None:
    """Bring the tables up to date. A demo's world needs its simulators, so it is left to the next start."""
    wanted = databases.fingerprint(env)
    if wanted and preparation.is_done(places.prepared, wanted):
        return
    supervisor.run_once(children.prepare(env, demo=False))
    if wanted and env["PORTAL_MODE"] != "demo":
        preparation.remember(places.prepared, wanted)


def _become(command: tuple[str, ...], env: dict[str, str]) -> NoReturn:
    os.chdir(ROOT)
    os.execve(command[0], command, env)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
