"""How an address of one's own is spoken to: its secret headers, and paths that cannot leave it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.calling import Api

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def headers_of(access: Access) -> Mapping[str, str]:
    """Return the headers of the credentials, given as an object or as its JSON text. Raises ProviderError."""
    given = access.credentials.get("headers") or {}
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise ProviderError("The connection's headers must be an object of names and texts.")
    return dict(given)


API = Api("The address", "", headers_of)


def path_problem(path: Any) -> str:
    """Return why a path could leave the connection's address, or an empty text."""
    if not isinstance(path, str):
        return "The path must be a text."
    odd = not path.isascii() or not path.isprintable() or any(sign in path for sign in "\\# ")
    before = path.partition("?")[0].lower()
    plain = before.replace("%25", "%").replace("%2e", ".").replace("%2f", "/").replace("%5c", "/")
    climbs = ".." in plain.split("/")
    if odd or climbs or not path.startswith("/") or path.startswith("//"):
        return "The path must begin with one “/” and hold no “..”, “\\”, “#” or space."
    return ""
