"""The embedded Postgres: makes the cluster with its two roles, and says how it is run. No TCP."""

import shutil
import socket
import subprocess
from pathlib import Path

from rollback_portal.instance import processes
from rollback_portal.instance.binaries import PostgresPrograms
from rollback_portal.instance.privileges import Runner, room
from rollback_portal.instance.speaking import Trouble

DATABASE, OWNER, APPLICATION = "portal", "portal_owner", "portal"
SOCKET = ".s.PGSQL.5432"
# Nobody signs in as the superuser: what needs one is done in single-user mode, as below.
ACCESS = "local all portal_owner,portal scram-sha-256\n"
# The builtin provider: an index stays sorted when the system's C library changes.
LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "48MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "256MB",
    "io_method": "sync",  # no extra processes for reading ahead: the data fits in memory
    "autovacuum_max_workers": "2",
    "max_worker_processes": "4",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A commit is a promise. These are the defaults, and named so that nobody turns them off in passing.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}
# For clusters that live as long as one run of the tests.
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
PLAIN = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}  # the server gets none of the secrets around us


def make_cluster(
    programs: PostgresPrograms,
    cluster: Path,
    who: Runner,
    secrets: dict[str, str],
    *,
    may_create_databases: bool = False,
) -> None:
    """Make the cluster with its database and roles, unless it is there. An interrupted attempt leaves none.

    `may_create_databases` is for tests, which make databases of their own.
    """
    if cluster.exists():
        return
    draft = cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    room(draft, who)
    _run(
        who,
        [programs.initdb, "-D", str(draft), "-U", "postgres", "--auth=reject", *LOCALE],
    )
    (draft / "pg_hba.conf").write_text(ACCESS)
    power = "CREATEDB" if may_create_databases else "NOCREATEDB"
    statements = (
        f"CREATE ROLE {OWNER} LOGIN {power} PASSWORD '{secrets['DATABASE_OWNER_PASSWORD']}'",
        f"CREATE ROLE {APPLICATION} LOGIN {power} PASSWORD '{secrets['DATABASE_PASSWORD']}'",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION}",
    )
    alone = [programs.postgres, "--single", "-D", str(draft), "-c", "exit_on_error=on", "postgres"]
    _run(who, alone, say="".join(f"{statement}\n" for statement in statements))
    draft.replace(cluster)


def command(programs: PostgresPrograms, cluster: Path, sockets: Path, *, throwaway: bool = False) -> tuple[str, ...]:
    """Return the command line of the server. `throwaway` trades safety for speed, for tests only."""
    settings = {**SETTINGS, **(THROWAWAY if throwaway else {})}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return (programs.postgres, "-D", str(cluster), "-k", str(sockets), *options)


def clear_stale_lock(cluster: Path) -> None:
    """Delete the lock file of a killed server when Postgres would take it for a living one's.

    Postgres only sees whether the number is in use: by now it may be another program's, or that of a dead
    process which nobody has collected. What the killed server left at work is ended first, so that no two
    servers ever write to one cluster.
    """
    lock = cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    if processes.birth(pid) and processes.name_of(pid) == "postgres":
        return  # a server that we did not start: Postgres refuses, and says so
    processes.end_those_working_in(cluster)
    if processes.number_in_use(pid):
        lock.unlink()


def answers(cluster: Path, sockets: Path) -> bool:
    """Return whether the server takes connections: it says so in its lock file, and the socket accepts."""
    try:
        told = (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    if len(told) < 8 or told[7].strip() != "ready":
        return False
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(sockets / SOCKET)) == 0


def _run(who: Runner, arguments: list[str], say: str = "") -> None:
    done = subprocess.run(arguments, input=say, capture_output=True, text=True, cwd="/", env=PLAIN, **who.popen())
    if done.returncode:
        told = (done.stderr or done.stdout).strip()[-600:]
        raise Trouble(f"the database could not be made; nothing of it was kept.\n{told}")
