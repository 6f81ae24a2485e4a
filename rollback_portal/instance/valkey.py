"""The embedded Valkey: wakes workers up. What it forgets is found again in Postgres. Socket only, no TCP."""

import socket
from pathlib import Path

SOCKET = "valkey.sock"


def command(server: Path, folder: Path, sockets: Path) -> tuple[str, ...]:
    """Return the command line of the server, which keeps its log of writes in `folder`."""
    settings = {
        "port": "0",
        "unixsocket": str(sockets / SOCKET),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",  # what Celery has queued must never be thrown out
        "daemonize": "no",
    }
    return (str(server), *(part for name, value in settings.items() for part in (f"--{name}", value)))


def answers(sockets: Path) -> bool:
    """Return whether the server has read its data and answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(sockets / SOCKET))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False
