"""The data directory: whose it is, what is in it, and the lock that lets one instance at a time use it."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rollback_portal.instance.speaking import Trouble

ROOT = Path(__file__).resolve().parents[2]
MARK = ".rollback-portal"  # without it we never delete anything, nor move in where something else lives
PATIENCE = 30.0  # seconds to wait for a management command that uses the same directory


class InUse(Trouble):
    """Another command holds the data directory; `holder` says which."""

    def __init__(self, text: str, holder: str) -> None:
        super().__init__(text)
        self.holder = holder


class Places:
    """The names of everything inside one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.lock = data / "lock"
        self.keys = data / "keys"
        self.environment = data / "instance.env"
        self.prepared = data / "prepared.json"
        self.sign_ins = data / "demo-sign-ins.txt"
        self.was_set_up = data / "was-set-up"
        self.door = data / "door.json"
        self.databases = data / "databases"
        self.simulators = data / "simulators"
        self.beat = data / "beat"
        self.log = data / "log"
        self.run = data / "run"

    @property
    def instance(self) -> str:
        """A short name that follows from the place: cookies and process names carry it."""
        return hashlib.sha256(str(self.data).encode()).hexdigest()[:8]

    def make(self) -> None:
        """Make the directory and what belongs in it. Raises Trouble if it cannot be, or is not ours."""
        try:
            self._move_in()
            for folder in (self.simulators, self.beat, self.log, self.run):
                folder.mkdir(mode=0o700, exist_ok=True)
            probe = self.data / "writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise Trouble(
                f"the data directory {self.data} cannot be written ({error.strerror}). Nothing was started. "
                "Give another with --data-dir, or make this one yours."
            ) from None

    def _move_in(self) -> None:
        if not self.data.exists():
            self.data.mkdir(parents=True)
            # As root the databases run as somebody else, who must pass through, not look around.
            self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if (self.data / MARK).exists():
            return
        if any(self.data.iterdir()):
            raise Trouble(
                f"{self.data} is not empty and was not made by this product, so it is left alone. "
                "Nothing was started. Give a new or an empty folder with --data-dir."
            )
        (self.data / MARK).write_text("The data of one Rollback Portal. Copy or delete it only while it is stopped.\n")

    def empty(self) -> None:
        """Delete everything but the lock that we hold and the mark that says the directory is ours."""
        for entry in self.data.iterdir():
            if entry.name in (MARK, self.lock.name):
                continue
            if entry.is_symlink():
                shutil.rmtree(entry.resolve(), ignore_errors=True)
                entry.unlink()
            elif entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    @contextlib.contextmanager
    def held(self, by: str) -> Iterator[None]:
        """Hold the directory for the command `by`. Raises InUse when another command does.

        A `bin/portal` is over soon, so it is waited for. The kernel drops the lock with its holder: one
        that a killed process left is no lock.
        """
        with self.lock.open("a+") as lock:
            give_up_at = time.monotonic() + PATIENCE
            while not _taken(lock):
                if not self.holder().startswith("bin/portal ") or time.monotonic() > give_up_at:
                    raise self._in_use()
                time.sleep(0.05)  # flock has no waiting with a limit
            lock.truncate(0)
            lock.write(json.dumps({"command": by, "pid": os.getpid()}))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)

    def _in_use(self) -> InUse:
        holder = self.holder()
        return InUse(
            f"the data directory {self.data} is in use by {holder}. Nothing was started. Stop that first, "
            "or give this one a directory and a port of its own (--data-dir, --port).",
            holder,
        )

    def holder(self) -> str:
        """Return who wrote their name into the lock."""
        try:
            told = json.loads(self.lock.read_text())
            return f"bin/{told['command']} (process {told['pid']})"
        except (OSError, ValueError, KeyError):
            return "another command"


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
