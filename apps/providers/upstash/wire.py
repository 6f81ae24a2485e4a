"""How Upstash's REST interface to Redis is spoken: one command is one JSON array sent to the database's
address.

Source: Upstash documentation, "REST API"; a Redis error is HTTP 400 with {"error": …}.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from apps.providers.base import Access, ProviderError, Sending
from apps.providers.calling import Api, credential
from apps.providers.endings import dig, quoted
from apps.providers.http import Answer

SCAN_COUNT = 1000
LOGGED = 60  # characters of a command in the step log

API = Api(
    "Upstash",
    "",  # every database has an address of its own
    lambda access: {"Authorization": f"Bearer {credential(access, 'rest_token', 'Upstash')}"},
)


class OutOfTime(ProviderError):
    """There are more keys than could be looked through in the time given."""


def ask(access: Access, *command: str) -> Any:
    """Return the result of a reading command. Raises ProviderError."""
    answer = API.read(access, "", method="POST", body=list(command), shown=_shown(command))
    if not answer.ok or "result" not in (body := answer.json()):
        raise API.unreadable(access, answer, f"The answer to {command[0]}")
    return body["result"]


def tell(access: Access, sending: Sending, *command: str) -> Answer:
    """Send one changing command and return the answer, whatever its status. Raises NotSent or Lost."""
    return API.change(access, sending, "POST", "", body=list(command), shown=_shown(command))


def keys_with(access: Access, prefix: str, until: float) -> Iterator[list[str]]:
    """Yield the keys that begin with `prefix`, batch by batch, each key once. Raises ProviderError or
    OutOfTime.

    `until` is a moment of time.monotonic(). Keys that do not begin with the prefix are left out here too, so
    that a server that ignores the pattern cannot make us delete more.
    """
    cursor, seen = "0", set[str]()
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
    while True:
        result = ask(access, "SCAN", cursor, "MATCH", pattern, "COUNT", str(SCAN_COUNT))
        keys = dig(result, 1)
        if dig(result, 0) is None or not isinstance(keys, list):
            raise ProviderError("Upstash answered SCAN with something that is not a cursor and a list of keys.")
        fresh = [key for key in keys if isinstance(key, str) and key.startswith(prefix) and key not in seen]
        seen.update(fresh)
        if fresh:
            yield list(dict.fromkeys(fresh))
        cursor = str(dig(result, 0))
        if cursor == "0":
            return
        if time.monotonic() > until:
            raise OutOfTime("The database holds more keys than could be looked through in time.")


def _shown(command: tuple[str, ...]) -> str:
    if len(command) > 6:
        return f"/ {command[0]} ({len(command) - 1} keys)"
    return f"/ {quoted(' '.join(command))[:LOGGED]}"
