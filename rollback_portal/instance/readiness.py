"""Asks the web process whether the product is ready: database, migrations and a living worker."""

import http.client
import json

from rollback_portal.instance.environment import Door

PATIENCE = 3.0  # seconds for one answer; the first one also loads what is loaded lazily


def is_ready(door: Door) -> bool:
    """Return whether `/readyz` answers 200."""
    return _ask(door)[0] == 200


def told(door: Door) -> str:
    """Return what `/readyz` says is missing, for people."""
    status, body = _ask(door)
    try:
        parts = json.loads(body)
        return ", ".join(f"{name}: {value}" for name, value in parts.items())
    except (ValueError, AttributeError):
        return f"it answers {status}" if status else "it does not answer"


def _ask(door: Door) -> tuple[int, bytes]:
    line = http.client.HTTPConnection(door.asked_at, door.port, timeout=PATIENCE)
    try:
        line.request("GET", "/readyz", headers={"Host": f"localhost:{door.port}"})
        answer = line.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        line.close()
