"""Looks whether a server that the caller names is there, so that a wrong address is told in one sentence."""

import os
import re
import socket
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from rollback_portal.instance.speaking import Trouble

PATIENCE = 5.0  # seconds
USUAL_PORTS = {"DATABASE_URL": 5432, "REDIS_URL": 6379}


def names() -> list[str]:
    """Return the variables by which the caller has named a server of their own."""
    return [name for name in USUAL_PORTS if os.environ.get(name)]


def check(name: str) -> None:
    """Raise Trouble when nothing listens where the environment variable `name` points. Sends nothing."""
    try:
        parts = urlsplit(os.environ[name])
        where = _unix_socket(parts) or (parts.hostname or "localhost", parts.port or USUAL_PORTS[name])
    except ValueError:
        raise Trouble(f"{name} is not an address. Nothing was started; correct it, or unset it.") from None
    try:
        if isinstance(where, str):
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(PATIENCE)
                line.connect(where)
        else:
            socket.create_connection(where, PATIENCE).close()
    except OSError as error:
        told = where if isinstance(where, str) else f"{where[0]}:{where[1]}"
        raise Trouble(
            f"the server that {name} names does not answer at {told} ({error.strerror or error}). Nothing was "
            f"started. Start that server, or unset {name} to use an embedded one."
        ) from None


def _unix_socket(parts: SplitResult) -> str | None:
    """Return the socket's path when the address means one, as libpq and redis-py spell it."""
    if parts.scheme in {"unix", "redis+socket"}:
        return unquote(parts.path)
    words = parse_qs(parts.query)
    host = words.get("host", [unquote(re.sub(r":\d+$", "", parts.netloc.rpartition("@")[2]))])[0]
    if host.startswith("/"):
        return f"{host}/.s.PGSQL.{words.get('port', [str(parts.port or 5432)])[0]}"
    return None
