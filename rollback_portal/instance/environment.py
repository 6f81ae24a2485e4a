"""The environment that the product's processes are given: addresses, secrets and a name."""

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from rollback_portal.instance import postgres, valkey
from rollback_portal.instance.places import Places

# Addresses that mean every interface, and one of each by which we reach ourselves.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nosec B104 # recognised here, not bound
OWNERS_ONLY = "DATABASE_OWNER_URL"  # migrations need it; what serves requests must not have it


@dataclass(frozen=True)
class Door:
    """Where the web process listens, and the mode of the product behind it (`demo` or `up`)."""

    host: str
    port: int
    mode: str

    @property
    def asked_at(self) -> str:
        """The address by which we ask the web process ourselves."""
        return ANYWHERE.get(self.host, self.host)

    @property
    def address(self) -> str:
        """The address that people are told."""
        return f"http://localhost:{self.port}"


def keep_door(path: Path, door: Door) -> None:
    """Write down where the instance last listened, for commands given while it is stopped."""
    path.write_text(json.dumps({"host": door.host, "port": door.port, "mode": door.mode}) + "\n")


def kept_door(path: Path) -> Door:
    """Return where the instance last listened; for one that never did, where it would."""
    try:
        return Door(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return Door("127.0.0.1", 8000, "up")


def database_addresses(sockets: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the embedded Postgres' two addresses: the application's, and its owner's for migrations."""
    where = f"@/{postgres.DATABASE}?host={quote(str(sockets), safe='')}"
    return {
        "DATABASE_URL": f"postgresql://{postgres.APPLICATION}:{secrets['DATABASE_PASSWORD']}{where}",
        OWNERS_ONLY: f"postgresql://{postgres.OWNER}:{secrets['DATABASE_OWNER_PASSWORD']}{where}",
    }


def valkey_address(sockets: Path) -> dict[str, str]:
    """Return the address of the embedded Valkey."""
    return {"REDIS_URL": f"unix://{quote(str(sockets / valkey.SOCKET))}?db=0"}


def surroundings(places: Places, door: Door, secrets: Mapping[str, str]) -> dict[str, str]:
    """Return what describes this instance. Secrets and names that the caller has set win."""
    hosts = {"localhost", "127.0.0.1", "[::1]", door.host} - set(ANYWHERE) | _own_names(door.host)
    unless_given = {
        "SECRET_KEY": secrets["SECRET_KEY"],
        "ENCRYPTION_KEYS": secrets["ENCRYPTION_KEYS"],
        "ALLOWED_HOSTS": ",".join(sorted(hosts)),
        "BASE_URL": door.address,
    }
    given = {name: os.environ[name] for name in unless_given if os.environ.get(name)}
    return {
        **unless_given,
        **given,
        "DJANGO_SETTINGS_MODULE": "rollback_portal.settings",
        "PORTAL_DATA_DIR": str(places.data),
        "PORTAL_INSTANCE": places.instance,
        "PORTAL_PORT": str(door.port),
        "PORTAL_MODE": door.mode,
    }


def _own_names(host: str) -> set[str]:
    """Return this machine's names and addresses when it listens on all of them."""
    if host not in ANYWHERE:
        return set()
    names = {socket.gethostname()}
    with contextlib.suppress(OSError):  # not every machine can look up its own name
        found = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        names |= {str(entry[4][0]) for entry in found}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        if line.connect_ex(("192.0.2.1", 9)) == 0:  # sends nothing: it only asks which of our addresses would
            names.add(line.getsockname()[0])
    return names


def keep(path: Path, values: Mapping[str, str]) -> None:
    """Write the environment down for `bin/portal` (mode 0600: it holds secrets)."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in sorted(values.items()))
    draft.replace(path)


def kept(path: Path) -> dict[str, str]:
    """Return what `keep` wrote. Raises FileNotFoundError when nothing was."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
