"""The whole product on real processes of its own, in a temporary folder: every part can be killed, every link cut."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg

from apps.providers.simulation import Simulators
from apps.rollbacks.epoch import SCHEMA_EPOCH
from rollback_portal.instance import keys
from rollback_portal.instance.places import ROOT
from rollback_portal.instance.processes import dying_with_us
from rollback_portal.instance.test import NOT_OURS
from tests.faults import playbooks
from tests.faults.clients import User
from tests.faults.clocks import CLOCKS, PRODUCTION_CLOCKS
from tests.faults.folders import LOCK, PREFIX, SOCKETS, keep_evidence, remove_left_overs
from tests.faults.forking import Child, Zygote
from tests.faults.linking import Links
from tests.faults.servers import Databases, free_port

ORGANISATIONS = ("acme", "rival")
VERSIONS = ("v1.0", "v1.1", "v1.2")
WORKERS = ("worker-1", "worker-2")


@dataclass(frozen=True)
class Slot:
    """One environment with a life of its own at every provider. `name` stands in every id and token of it."""

    name: str
    organisation: str
    environment: str
    incident: str


@dataclass
class Rig:
    """Everything that runs. `folder` holds logs, the journal and the history, which are the evidence."""

    folder: Path
    databases: Databases
    links: Links
    zygote: Zygote
    simulators: Simulators
    port: int
    children: dict[str, Child] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    people: dict[str, dict[str, User]] = field(default_factory=dict)
    crowd: list[User] = field(default_factory=list)
    epochs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WORKERS, SCHEMA_EPOCH))
    production_from: float | None = None  # since when processes have production's clocks, in seconds since 1970

    @property
    def lease_seconds(self) -> float:
        """How long a lease lasts in processes that are started now."""
        clocks: Mapping[str, Any] = PRODUCTION_CLOCKS if self.production_from else CLOCKS
        return float(clocks["ENGINE_LEASE_SECONDS"])

    @property
    def url(self) -> str:
        """Where the web process answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *, env: dict[str, str] | None = None, clock: dict[str, float] | None = None) -> Child:
        """Start a worker, web or beat (in place of one that has ended). Returns it before it is ready."""
        kind = name.partition("-")[0]
        link = name if name in WORKERS else "web"
        aspects: dict[str, Any] = {"database": self.databases.through(self.links.port[f"{link}-pg"])}
        aspects["broker"] = f"redis://127.0.0.1:{self.links.port['broker']}/0"
        if kind == "web":
            aspects["port"] = self.port
        if kind == "beat":
            aspects["schedule"] = str(self.folder / f"{name}.schedule")
        if clock:
            aspects["clock"] = clock
        if name in WORKERS:
            aspects["epoch"] = self.epochs[name]
        if self.production_from:
            aspects["settings"] = PRODUCTION_CLOCKS
        self.children[name] = self.zygote.fork(kind, name, env=env, **aspects)
        return self.children[name]

    def use_production_clocks(self) -> None:
        """Start every process anew, with the clocks that the product has in production."""
        self.production_from = time.time()
        for name in (*WORKERS, "web", "beat"):
            self.kill(name)
            self.start(name)
        self.wait_for_web()

    def kill(self, name: str) -> None:
        """Kill -9 and wait until it is collected."""
        self.children[name].kill()

    def wait_for_web(self, within: float = 60.0) -> None:
        """Wait until the web process answers. Raises RuntimeError with its log."""
        give_up_at = time.monotonic() + within
        while not self._web_answers():
            if time.monotonic() > give_up_at:
                raise RuntimeError(f"The web process does not answer:\n{self.log('web')[-3000:]}")
            time.sleep(0.05)  # another process decides; there is nothing to wait on

    def _web_answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def log(self, name: str) -> str:
        """Everything a process of that name has said."""
        return (self.folder / "log" / f"{name}.log").read_text(errors="replace")

    def database(self) -> psycopg.Connection[Any]:
        """A connection of the rig's own, beside every link."""
        return psycopg.connect(self.databases.addresses()["DATABASE_URL"], autocommit=True)


@contextmanager
def running(
    slots: int, *, throwaway: bool, keep: Path | None = None, crowd: int = 0, workers: bool = True
) -> Iterator[Rig]:
    """Give a rig with so many environments, and remove every trace of it afterwards; `keep` keeps the evidence.

    Without `workers` nothing runs but the web process.
    """
    remove_left_overs()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    folder.chmod(0o711)  # as root, the databases' own user passes through
    try:
        with ExitStack() as stack:
            fcntl.flock(stack.enter_context((folder / LOCK).open("w")), fcntl.LOCK_EX)
            rig, preparing = _assemble(folder, stack, throwaway)
            joined = _join(rig, slots)
            if preparing.wait():
                raise RuntimeError(f"The database could not be prepared:\n{rig.log('prepare')[-3000:]}")
            _furnish(rig, joined, crowd)
            for name in (*WORKERS, "web", "beat") if workers else ("web",):
                rig.start(name)
            rig.wait_for_web()
            yield rig
    finally:
        if keep is not None:
            keep_evidence(folder, keep)
        shutil.rmtree(folder, ignore_errors=True)


def _assemble(folder: Path, stack: ExitStack, throwaway: bool) -> tuple[Rig, subprocess.Popen[bytes]]:
    """Start what everything stands on; returns it with the process that still prepares the database."""
    logs = folder / "log"
    logs.mkdir()
    secrets = keys.keys(folder / "keys", databases=folder / "databases")
    databases = Databases(folder, secrets, logs, throwaway=throwaway)
    (folder / SOCKETS).write_text(str(databases.sockets))
    stack.callback(databases.stop)
    databases.start()
    simulators = Simulators(data_dir=folder / "simulators", before_exec=dying_with_us(signal.SIGKILL))
    simulators.start()
    stack.callback(simulators.stop)
    links = stack.enter_context(Links(logs))
    for name in (*WORKERS, "web"):
        links.open_to_socket(f"{name}-pg", databases.postgres_socket)
    links.open_to_socket("broker", databases.valkey_socket)
    links.open_to_port("provider", simulators.port)
    port = free_port()
    links.open_to_port("viewers", port)
    env = _environment(folder, secrets, databases, links)
    owner = databases.addresses()
    preparing = subprocess.Popen(
        [sys.executable, "manage.py", "prepare"], cwd=ROOT, env=env | owner, stdin=subprocess.DEVNULL,
        stdout=(logs / "prepare.log").open("wb"), stderr=subprocess.STDOUT, preexec_fn=dying_with_us(signal.SIGKILL),
    )  # fmt: skip
    zygote = stack.enter_context(Zygote(env, logs))
    stack.callback(preparing.kill)
    return Rig(folder, databases, links, zygote, simulators, port), preparing


def _environment(folder: Path, secrets: dict[str, str], databases: Databases, links: Links) -> dict[str, str]:
    """What every process is told: production's settings, with the engine's clocks scaled down."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    addresses = databases.addresses()
    return {
        **kept,
        **CLOCKS,
        "SECRET_KEY": secrets["SECRET_KEY"],
        "ENCRYPTION_KEYS": secrets["ENCRYPTION_KEYS"],
        "DATABASE_URL": addresses["DATABASE_URL"],
        "REDIS_URL": addresses["REDIS_URL"],
        "OUTBOUND_ALLOW": f"127.0.0.1:{links.port['provider']}",
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_INSTANCE": "faults",
        "PORTAL_MODE": "up",
        "DJANGO_SETTINGS_MODULE": "rollback_portal.settings",
        "PYTHONUNBUFFERED": "1",
    }


def _join(rig: Rig, count: int) -> list[dict[str, Any]]:
    """Let every slot join the simulated providers; returns the slots with what the providers said."""
    rig.simulators.settings("vercel", propagation_seconds=0.2, edge_delay_seconds=0.1)
    rig.simulators.settings("pagerduty", event_delay_seconds=0.1)
    rig.simulators.settings("site", latency_ms=0)
    rig.simulators.settings("http", create_unknown=True)
    slots = []
    for number in range(count):
        name = f"slot{string.ascii_lowercase[number // 26]}{string.ascii_lowercase[number % 26]}"
        order = {"versions": list(VERSIONS), "flags": dict.fromkeys(playbooks.FLAGS, True)}
        joined = {
            provider: rig.simulators.do(provider, "join", organisation=name, **order)
            for provider in (*playbooks.CONNECTIONS.values(), "site")
        }
        organisation = ORGANISATIONS[number % len(ORGANISATIONS)]
        slots.append({"name": name, "organisation": organisation, "versions": VERSIONS, "providers": joined})
    return slots


def _furnish(rig: Rig, slots: list[dict[str, Any]], crowd: int) -> None:
    """Set up the portal for the slots."""
    made = rig.zygote.call(
        "tests.faults.stage:build", rig.folder / "stage.json", slots=slots, texts=playbooks.texts(), crowd=crowd,
        address=f"http://127.0.0.1:{rig.links.port['provider']}",
    )  # fmt: skip
    rig.people = {
        name: {who: User(**about) for who, about in people.items()} for name, people in made["tokens"].items()
    }
    rig.crowd = [User(**about) for about in made["crowd"]]
    rig.slots = [Slot(slot["name"], slot["organisation"], **made["slots"][slot["name"]]) for slot in slots]
