"""Postgres and Valkey of one rig: started as the product starts its own, killed and started again at will."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rollback_portal.instance import binaries, environment, postgres, privileges, valkey
from rollback_portal.instance.places import ROOT
from rollback_portal.instance.processes import dying_with_us

READY_WITHIN = 60.0


class Server:
    """One server process that can be stopped in any way and started again."""

    def __init__(self, name: str, command: tuple[str, ...], who: privileges.Runner, log: Path, ready: Any) -> None:
        self.name, self.command, self.who, self.log, self._answers = name, command, who, log, ready
        self.process: subprocess.Popen[bytes] | None = None
        self.before: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Start it; `wait` waits until it answers."""
        self.before()
        self.process = subprocess.Popen(
            self.command,
            cwd="/" if self.who.uid is not None else ROOT,
            env=postgres.PLAIN,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dying_with_us(signal.SIGINT),  # so it is started by the main thread only
            **self.who.popen(),
        )

    def wait(self) -> None:
        """Wait until it answers. Raises RuntimeError when it ends instead or takes too long."""
        give_up_at = time.monotonic() + READY_WITHIN
        while not self._answers():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > give_up_at:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)  # another program decides; there is nothing to wait on

    def stop(self, how: signal.Signals, within: float = 20.0) -> None:
        """Send the signal and wait for the end; what does not end is killed."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def come_back(self) -> None:
        """Wait until it answers, and start it again when it has ended or ends meanwhile."""
        for _ in range(3):
            if self.process is None or self.process.poll() is not None:
                self.start()
            with contextlib.suppress(RuntimeError):
                self.wait()
                return
        self.wait()

    def limit_files(self, limit: str) -> None:
        """Limit how long files its processes may write, as `prlimit` takes it; ignored for those that have ended."""
        if self.process is None or self.process.poll() is not None:
            return
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in (str(self.process.pid), *children.split()):  # only their own user may
            order = ("prlimit", "--pid", pid, f"--fsize={limit}")
            subprocess.run(order, cwd="/", env=postgres.PLAIN, capture_output=True, check=False, **self.who.popen())

    def signal(self, what: signal.Signals) -> None:
        """Send a signal and go on."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(what)


class Databases:
    """The two servers in one folder. `throwaway` trades the safety of a commit for speed."""

    def __init__(self, folder: Path, secrets: Mapping[str, str], logs: Path, *, throwaway: bool) -> None:
        self.secrets = dict(secrets)
        who = privileges.runner(folder / "databases")
        house = privileges.housing(folder / "databases", who)
        self.house = house
        self.sockets = Path(tempfile.mkdtemp(prefix="portal-faults-", dir="/tmp"))
        privileges.room(self.sockets, who)
        cluster = self.cluster = house / "postgres"
        programs = binaries.postgres(house, who)
        postgres.make_cluster(programs, cluster, who, self.secrets)
        command = postgres.command(programs, cluster, self.sockets, throwaway=throwaway)
        command = (*command, "-c", "max_connections=200", "-c", "track_commit_timestamp=on")
        command = (*command, "-c", "synchronous_commit=on")  # a server that is killed keeps what it has acknowledged
        self.postgres = Server(
            "Postgres", command, who, logs / "postgres.log", lambda: postgres.answers(cluster, self.sockets)
        )
        self.postgres.before = lambda: postgres.clear_stale_lock(cluster)
        privileges.room(house / "valkey", who)
        command = valkey.command(binaries.valkey(house, who), house / "valkey", self.sockets)
        command = (*command, "--enable-debug-command", "local")
        self.valkey = Server("Valkey", command, who, logs / "valkey.log", lambda: valkey.answers(self.sockets))

    def start(self) -> None:
        """Start both and wait until they answer."""
        for server in (self.postgres, self.valkey):
            server.start()
        for server in (self.postgres, self.valkey):
            server.wait()

    def stop(self) -> None:
        """End both and remove their sockets."""
        self.valkey.stop(signal.SIGKILL)
        self.postgres.stop(signal.SIGINT)
        shutil.rmtree(self.sockets, ignore_errors=True)
        if self.house.is_symlink() or self.house.parent == privileges.OUTSIDE:
            shutil.rmtree(self.house, ignore_errors=True)

    def configure(self, lines: str) -> None:
        """Let Postgres run with these lines besides its ordinary settings; an empty text takes them back."""
        (self.cluster / "postgresql.auto.conf").write_text(lines)
        self.postgres.signal(signal.SIGHUP)

    def copied(self) -> Path:
        """Make a copy of the whole cluster while it stands still, and let it go on; returns where the copy is."""
        copy = self.cluster.with_name("copy")
        self.postgres.stop(signal.SIGINT)
        subprocess.run(("cp", "-a", str(self.cluster), str(copy)), check=True)  # with its owner and its links
        self.postgres.come_back()
        return copy

    def put_back(self, copy: Path) -> None:
        """Let a copy take the place of the cluster."""
        self.postgres.stop(signal.SIGINT)
        shutil.rmtree(self.cluster)
        copy.rename(self.cluster)
        self.postgres.come_back()

    @property
    def postgres_socket(self) -> Path:
        """The socket that links lead to."""
        return self.sockets / postgres.SOCKET

    @property
    def valkey_socket(self) -> Path:
        """The socket that links lead to."""
        return self.sockets / valkey.SOCKET

    def addresses(self) -> dict[str, str]:
        """The addresses for whoever is not behind a link."""
        return environment.database_addresses(self.sockets, self.secrets) | environment.valkey_address(self.sockets)

    def through(self, port: int) -> str:
        """The application's database address behind a link."""
        password = self.secrets["DATABASE_PASSWORD"]
        plain = "sslmode=disable&gssencmode=disable"
        return f"postgresql://{postgres.APPLICATION}:{password}@127.0.0.1:{port}/{postgres.DATABASE}?{plain}"


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])
