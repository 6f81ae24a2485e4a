"""What runs: every process of an instance, with its command line and how it wants to be ended. Only data."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM

from rollback_portal.instance.environment import OWNERS_ONLY, Door
from rollback_portal.instance.places import Places
from rollback_portal.instance.privileges import Runner

PYTHON = sys.executable
THREADS = 4  # rollbacks that one worker advances at the same time


@dataclass(frozen=True)
class Child:
    """One process: how to start it, and by which signals, gentlest first, to end it."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    ways_to_end: tuple[signal.Signals, ...] = (SIGTERM, SIGKILL)
    with_us: signal.Signals = SIGTERM  # what the kernel sends it should we die
    runner: Runner = field(default_factory=Runner)
    output: Path | None = None  # where stdout goes when it is not the log


# In the order of stopping. Children of one stage are told together, and the next stage waits for them.
STAGES = (("worker", "beat", "web", "prepare", "setup-link"), ("simulators",), ("valkey",), ("postgres",))


def stage(name: str) -> int:
    """Return when, in the order of stopping, the child's turn is (`worker-2` counts as `worker`)."""
    kind = "worker" if name.startswith("worker-") else name
    return next(number for number, names in enumerate(STAGES) if kind in names)


def postgres(command: tuple[str, ...], env: Mapping[str, str], who: Runner) -> Child:
    """The database. SIGINT is its fast shutdown; SIGQUIT the immediate one, after which it has to recover."""
    return Child("postgres", command, env, (SIGINT, SIGQUIT, SIGKILL), SIGINT, who)


def valkey(command: tuple[str, ...], env: Mapping[str, str], who: Runner) -> Child:
    """The broker."""
    return Child("valkey", command, env, runner=who)


def simulators(places: Places, port: int, env: Mapping[str, str]) -> Child:
    """The simulated providers. They print where each answers, and need neither Django nor a database."""
    command = (
        PYTHON,
        "-m",
        "apps.providers.simulation",
        "--port",
        str(port),
        "--data-dir",
        str(places.simulators),
    )
    return Child("simulators", command, env, output=places.run / "simulators.txt")


def prepare(env: Mapping[str, str], *, demo: bool) -> Child:
    """Migrations, grants, shipped playbooks and, for a demo, its world. Repeating it changes nothing."""
    return Child("prepare", (PYTHON, "manage.py", "prepare", *(["--demo"] if demo else [])), env)


def setup_link(places: Places, env: Mapping[str, str]) -> Child:
    """Prints the one-time link for the first administrator, or nothing when there is one. Runs once."""
    return Child("setup-link", (PYTHON, "manage.py", "setup-link"), env, output=places.run / "setup-link.txt")


def web(door: Door, env: Mapping[str, str]) -> Child:
    """Pages, API and streams. Open streams are given 3 s to end when it stops."""
    where = ("--host", door.host, "--port", str(door.port))
    how = ("--timeout-graceful-shutdown", "3", "--no-access-log")
    return Child("web", (PYTHON, "-m", "uvicorn", "rollback_portal.asgi:application", *where, *how), _serving(env))


def worker(number: int, env: Mapping[str, str]) -> Child:
    """One worker process. It also polls Postgres, so rollbacks go on while the broker is away."""
    name = "worker" if number == 1 else f"worker-{number}"
    pool = ("--pool", "threads", "--concurrency", str(THREADS), "-Q", "rollback,default")
    quiet = (
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "INFO",
        "-n",
        f"{name}-{env['PORTAL_INSTANCE']}@%h",
    )
    command = (PYTHON, "-m", "celery", "-A", "rollback_portal", "worker", *pool, *quiet)
    return Child(name, command, _serving(env), with_us=SIGKILL)


def beat(places: Places, env: Mapping[str, str]) -> Child:
    """The clock that makes sweeps earlier. Nothing depends on it."""
    schedule = ("--schedule", str(places.beat / "schedule"), "--loglevel", "INFO")
    command = (PYTHON, "-m", "celery", "-A", "rollback_portal", "beat", *schedule)
    return Child("beat", command, _serving(env), with_us=SIGKILL)


def _serving(env: Mapping[str, str]) -> dict[str, str]:
    """What serves requests and runs steps may not change the tables, so it is not told how."""
    return {name: value for name, value in env.items() if name != OWNERS_ONLY}
