"""Chooses and checks the ports that an instance listens on."""

import errno
import socket
from pathlib import Path

from rollback_portal.instance.speaking import Trouble

ROOM = 20  # ports set aside for one instance's simulators: one for all of them and one for each
FIRST, LAST = 20_000, 30_000  # below what systems hand out for outgoing connections


def check_free(host: str, port: int) -> None:
    """Raise Trouble when the port cannot be listened on."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise Trouble(f"{host} is not an address of this machine. Nothing was started; see --host.") from None
    family, kind, _, _, address = found[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise Trouble(f"port {port} is only for root. Nothing was started; choose one with --port.") from None
        except OSError as error:
            reason = "is taken by another program" if error.errno == errno.EADDRINUSE else "cannot be had"
            raise Trouble(f"port {port} on {host} {reason}. Nothing was started; choose another with --port.") from None


def for_simulators(kept_in: Path, web_port: int) -> int:
    """Return the simulators' port: last time's where possible, since connections point at it."""
    try:
        last = int(kept_in.read_text())
        if _is_free(last):
            return last
    except (OSError, ValueError):
        pass  # the first start
    span = (LAST - FIRST) // ROOM
    candidates = (FIRST + (web_port + turn) % span * ROOM for turn in range(span))
    chosen = next((port for port in candidates if all(_is_free(port + offset) for offset in range(ROOM))), None)
    if chosen is None:
        raise Trouble(f"no room for the simulators between ports {FIRST} and {LAST}. Nothing was started.")
    kept_in.write_text(f"{chosen}\n")
    return chosen


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
