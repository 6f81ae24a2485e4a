"""From the command to an open door and back: the one story that bin/demo and bin/up tell."""

import os
import time
from pathlib import Path

from rollback_portal.instance import children, environment, given, ports, preparation, processes, readiness, servers
from rollback_portal.instance import keys as secret_keys
from rollback_portal.instance.environment import Door
from rollback_portal.instance.options import Options
from rollback_portal.instance.places import Places
from rollback_portal.instance.servers import Servers
from rollback_portal.instance.speaking import Stopped, Trouble, give_up, say, step
from rollback_portal.instance.supervisor import Supervisor

READY_WITHIN = 90.0  # seconds until web and worker must answer
SIMULATORS_WITHIN = 30.0
# What a caller may have set for the product; bin/portal, called from another shell, has to know it too.
READ = {
    *("DATABASE_URL", environment.OWNERS_ONLY, "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS", "ALLOWED_HOSTS"),
    *("BASE_URL", "OUTBOUND_ALLOW", "DEFAULT_FROM_EMAIL", "BEHIND_PROXY", "SSL_REDIRECT", "LOG_LEVEL", "DEBUG"),
    *("SQL_SCRIPTS", "COMMANDS_FILE"),
}
READ_BY_FAMILY = ("PORTAL_", "ENGINE_", "EMAIL_", "ANCHOR_")


def run(options: Options) -> None:
    """Run an instance until it is told to stop. Exits 1 with a sentence when it cannot be started."""
    places = Places(options.data)
    try:
        places.make()
        with places.held(options.mode):
            _begin_anew(places, options)
            ports.check_free(options.host, options.port)
            for name in given.names():
                given.check(name)
            _live(places, options)
    except Trouble as trouble:
        give_up(options.mode, trouble)


def _begin_anew(places: Places, options: Options) -> None:
    if left := processes.end_orphans(places.run):
        say(f"Ended what a killed start had left running: {', '.join(left)}.")
    places.environment.unlink(missing_ok=True)
    if not options.fresh:
        return
    if os.environ.get("DATABASE_URL"):
        raise Trouble("--fresh empties only databases kept by us, and DATABASE_URL is set. Nothing was deleted.")
    places.empty()
    places.make()


def _live(places: Places, options: Options) -> None:
    say(f"Rollback Portal ({options.mode}), data in {places.data}")
    asked_to_stop_at: float | None = None
    try:
        with Supervisor(places) as supervisor:
            try:
                Start(places, options, supervisor).whole()
                supervisor.watch()
            except Stopped:
                pass
            finally:
                asked_to_stop_at = time.monotonic()
                say("\nStopping …")
    finally:
        places.environment.unlink(missing_ok=True)
        servers.remove_sockets(places)
    say(f"Stopped in {time.monotonic() - asked_to_stop_at:.1f} s. The data is kept in {places.data}.")


class Start:
    """One start, step by step."""

    def __init__(self, places: Places, options: Options, supervisor: Supervisor) -> None:
        self._places, self._options, self._supervisor = places, options, supervisor
        self._began = time.monotonic()
        self._door = Door(options.host, options.port, options.mode)
        self._demo = options.mode == "demo"
        secrets = secret_keys.keys(places.keys, databases=places.databases)
        self._servers = Servers(places, secrets)
        self._env = {**os.environ, **environment.surroundings(places, self._door, secrets)}

    def whole(self) -> None:
        """Start everything, in the order in which one thing needs another, and say how to get in."""
        if self._demo:
            self._start_simulators()
        for name in given.names():
            say(f"  Using the server that {name} names")
        if names := self._servers.own:
            with step(f"Starting {' and '.join(names)}"):
                self._servers.start(self._supervisor)
        self._env |= self._servers.addresses()
        if self._demo:
            self._learn_simulators()
        self._prepare()
        environment.keep_door(self._places.door, self._door)
        environment.keep(self._places.environment, _ours(self._env))
        link = self._open_the_door()
        self._tell(link)

    def _start_simulators(self) -> None:
        port = ports.for_simulators(self._places.simulators / "port", self._options.port)
        self._env["PORTAL_SIMULATORS_URL"] = f"http://127.0.0.1:{port}"
        self._supervisor.start(children.simulators(self._places, port, self._env))

    def _learn_simulators(self) -> None:
        """Wait for the simulators' addresses: outbound calls may go there and to no other private place."""
        told = self._places.run / "simulators.txt"
        with step("Starting the simulated providers"):
            self._supervisor.wait_for(
                "the simulators",
                lambda: told.exists() and told.stat().st_size > 0,
                within=SIMULATORS_WITHIN,
                needs=("simulators",),
            )
        given = [entry for entry in [os.environ.get("OUTBOUND_ALLOW", "")] if entry]
        self._env["OUTBOUND_ALLOW"] = ",".join([*given, *_hosts_and_ports(told)])

    def _prepare(self) -> None:
        wanted = self._servers.fingerprint(self._env)
        if wanted and preparation.is_done(self._places.prepared, wanted):
            return
        what = "Preparing the database and the demo's world" if self._demo else "Preparing the database"
        with step(what):
            self._supervisor.run_once(children.prepare(self._env, demo=self._demo))
        if wanted:
            preparation.remember(self._places.prepared, wanted)

    def _open_the_door(self) -> str:
        link = children.setup_link(self._places, self._env)
        asks_for_link = not self._demo and not self._places.was_set_up.exists()
        with step("Starting web and worker"):
            self._supervisor.start(children.web(self._door, self._env))
            for number in range(1, self._options.workers + 1):
                self._supervisor.start(children.worker(number, self._env))
            if asks_for_link:
                self._supervisor.start(link)
                self._supervisor.finish(link)
            self._supervisor.wait_for(
                "The product",
                lambda: readiness.is_ready(self._door),
                within=READY_WITHIN,
                needs=("web", "worker"),
            )
        # Nothing depends on beat, so it does not compete with what people wait for.
        self._supervisor.start(children.beat(self._places, self._env))
        return _first_line(link.output) if asks_for_link else ""

    def _tell(self, link: str) -> None:
        print(f"\nReady after {time.monotonic() - self._began:.1f} s: {self._env['BASE_URL']}\n", flush=True)
        if self._demo and self._places.sign_ins.exists():
            print(self._places.sign_ins.read_text(), flush=True)
        elif link:
            print(f"Set it up here; the link works once:\n  {link}\n", flush=True)
        elif not self._demo:
            self._places.was_set_up.touch()
        say(f"Ctrl-C stops it. Logs are in {self._places.log}.")


def _hosts_and_ports(told: Path) -> list[str]:
    """Return `host:port` of every address in the simulators' lines (slug, prefix address, root address)."""
    addresses = [address for line in told.read_text().splitlines() for address in line.split("\t")[1:]]
    return sorted({address.split("://", 1)[-1].split("/", 1)[0] for address in addresses})


def _ours(env: dict[str, str]) -> dict[str, str]:
    """Return what of the environment the product reads, or is not the caller's own."""
    return {
        name: value
        for name, value in env.items()
        if os.environ.get(name) != value or name in READ or name.startswith(READ_BY_FAMILY)
    }


def _first_line(path: Path | None) -> str:
    lines = path.read_text().split() if path and path.exists() else []
    return lines[0] if lines else ""
