"""Keep secrets out of every text that people or logs get to see."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST_SECRET = 6  # shorter values would blacken ordinary words


def secrets_in(credentials: Any) -> tuple[str, ...]:
    """Return every text inside `credentials` that must never be shown, longest first."""
    found = set(_texts(credentials))
    for text in list(found):
        found.update(text.split())  # "Bearer abc" is secret as a whole and as "abc"
        found.update(text.split(":", 1))
    return tuple(sorted((text for text in found if len(text) >= SHORTEST_SECRET), key=len, reverse=True))


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every secret masked, also where it is URL-encoded, JSON-escaped, hex or base64."""
    for secret in secrets:
        if len(secret) < SHORTEST_SECRET:
            continue
        for form in _forms(secret):
            text = text.replace(form, MASK)
    return text


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _forms(secret: str) -> list[str]:
    raw = secret.encode()
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    forms |= {raw.hex(), raw.hex().upper()}
    for offset in range(3):  # base64 looks different at each of three positions inside a longer text
        encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        inner = encoded[(0, 2, 3)[offset] :]
        whole = inner if (offset + len(raw)) % 3 == 0 else inner[:-1]
        forms |= {whole, whole.replace("+", "-").replace("/", "_")}
    return sorted((form for form in forms if len(form) >= SHORTEST_SECRET), key=len, reverse=True)
