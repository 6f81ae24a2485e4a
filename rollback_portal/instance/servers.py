"""The databases of an instance: embedded ones, or the caller's own by their addresses."""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rollback_portal.instance import (
    binaries,
    children,
    environment,
    postgres,
    preparation,
    privileges,
    valkey,
)
from rollback_portal.instance.places import Places
from rollback_portal.instance.privileges import Runner
from rollback_portal.instance.supervisor import Supervisor

LONGEST_SOCKET_FOLDER = 70  # bytes; the name of a socket may have 103 on macOS
POSTGRES_WITHIN = 120.0  # seconds: after a crash it first recovers
VALKEY_WITHIN = 60.0


class Servers:
    """Starts what is not given in the environment, and says where everything answers."""

    def __init__(self, places: Places, secrets: dict[str, str], *, throwaway: bool = False) -> None:
        self._places, self._secrets, self._throwaway = places, secrets, throwaway
        self.own_database = not os.environ.get("DATABASE_URL")
        self.own_broker = not os.environ.get("REDIS_URL")
        self._who = privileges.runner(places.databases) if self.own_database or self.own_broker else Runner()
        self._sockets: Path | None = None

    @property
    def own(self) -> list[str]:
        """The servers that we run ourselves, by their names for people."""
        return ["Postgres"] * self.own_database + ["Valkey"] * self.own_broker

    def start(self, supervisor: Supervisor, *, broker: bool = True) -> None:
        """Start the embedded servers and wait until they answer; `broker` False leaves Valkey out."""
        if not self.own_database and not self.own_broker:
            return
        house = privileges.housing(self._places.databases, self._who)
        sockets = self._sockets = self._socket_folder()
        needed = []
        if self.own_broker and broker:
            self._start_valkey(supervisor, house, sockets)
            needed.append(("valkey", lambda: valkey.answers(sockets), VALKEY_WITHIN))
        if self.own_database:
            cluster = self._start_postgres(supervisor, house, sockets)
            needed.append(("postgres", lambda: postgres.answers(cluster, sockets), POSTGRES_WITHIN))
        for name, ready, within in needed:
            supervisor.wait_for(name, ready, within=within, needs=(name,))

    def _start_postgres(self, supervisor: Supervisor, house: Path, sockets: Path) -> Path:
        programs, cluster = binaries.postgres(house, self._who), house / "postgres"
        postgres.make_cluster(programs, cluster, self._who, self._secrets, may_create_databases=self._throwaway)
        postgres.clear_stale_lock(cluster)
        command = postgres.command(programs, cluster, sockets, throwaway=self._throwaway)
        supervisor.start(children.postgres(command, postgres.PLAIN, self._who))
        return cluster

    def _start_valkey(self, supervisor: Supervisor, house: Path, sockets: Path) -> None:
        folder = house / "valkey"
        privileges.room(folder, self._who)
        command = valkey.command(binaries.valkey(house, self._who), folder, sockets)
        supervisor.start(children.valkey(command, postgres.PLAIN, self._who))

    def addresses(self) -> dict[str, str]:
        """Return DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL as far as there are such."""
        names = ("DATABASE_URL", environment.OWNERS_ONLY, "REDIS_URL")
        found = {name: os.environ[name] for name in names if os.environ.get(name)}
        if self._sockets and self.own_database:
            found |= environment.database_addresses(self._sockets, self._secrets)
        if self._sockets and self.own_broker:
            found |= environment.valkey_address(self._sockets)
        return found

    def fingerprint(self, env: Mapping[str, str]) -> str | None:
        """Return what the database has to be prepared for, or None when it is not ours to know."""
        if not self.own_database:
            return None
        control = self._places.databases / "postgres" / "global" / "pg_control"
        identity = control.read_bytes()[:8].hex()  # the cluster's own identifier
        said = [env.get(name, "") for name in ("PORTAL_MODE", "PORTAL_SIMULATORS_URL", "ENCRYPTION_KEYS")]
        return preparation.fingerprint([identity, *said])

    def _socket_folder(self) -> Path:
        """Make a folder with a short and plain name: sockets have little room for theirs."""
        note = self._places.run / "sockets"
        remove_sockets(self._places)
        folder = Path(tempfile.mkdtemp(prefix="portal-", dir=_short_place(self._who)))
        note.write_text(str(folder))
        privileges.room(folder, self._who)
        return folder


def remove_sockets(places: Places) -> None:
    """Remove the folder of sockets that this instance used last."""
    note = places.run / "sockets"
    if note.exists() and (told := note.read_text()) and Path(told).name.startswith("portal-"):
        shutil.rmtree(told, ignore_errors=True)
    note.unlink(missing_ok=True)


def _short_place(who: Runner) -> str:
    usual = tempfile.gettempdir()
    plain = re.fullmatch(r"[\w./-]+", usual) and len(usual.encode()) <= LONGEST_SOCKET_FOLDER
    # The folder that is made in it has a random name and is ours alone.
    return usual if plain and who.reaches(Path(usual)) else "/tmp"  # noqa: S108  # nosec B108 # ours alone, see above
