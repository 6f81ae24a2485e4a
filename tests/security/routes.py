"""Every address of the portal, read from the table of addresses and from the API's own description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from rollback_portal.api import api

API = "api:"
PARAMETER = re.compile(r"\{(\w+)\}")
PAGE_METHODS = ("GET", "POST")


@dataclass(frozen=True)
class Route:
    """One way in: `path` has its parameters in braces. The name of an operation of the API begins with `api:`."""

    name: str
    method: str
    path: str

    @property
    def key(self) -> str:
        """Return what the table calls it: operations have one method, pages are told once for all of theirs."""
        return self.name

    @property
    def parameters(self) -> list[str]:
        """Return the names of what the path names."""
        return PARAMETER.findall(self.path)

    @property
    def is_api(self) -> bool:
        """Return whether programs use it."""
        return self.name.startswith(API)

    def filled(self, values: dict[str, Any]) -> str:
        """Return the path with a value for each parameter."""
        return PARAMETER.sub(lambda found: str(values[found[1]]), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def pages(resolver: Any = None, prefix: str = "/", spaces: str = "") -> Iterator[Route]:
    """Yield every page, for both methods that a browser's form has."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            name, path = f"{spaces}{entry.name}", _braced(prefix, entry)
            yield from (Route(name, method, path) for method in PAGE_METHODS)
        elif isinstance(entry, URLResolver) and entry.namespace != "api":
            space = f"{spaces}{entry.namespace}:" if entry.namespace else spaces
            yield from pages(entry, prefix + str(entry.pattern), space)


def operations() -> Iterator[Route]:
    """Yield every operation of the API, and the address of its description."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield Route(API + operation["operationId"], method.upper(), path)
    yield Route(API + "openapi", "GET", "/api/v1/openapi.json")


def _braced(prefix: str, entry: URLPattern) -> str:
    path = prefix + str(entry.pattern)
    if path.startswith("/^") or "(?P<" in path:  # the one regular expression, allauth's
        path = path.replace("^", "").replace("$", "").replace("\\", "")
        path = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path)
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


PAGES = sorted(set(pages()), key=str)
OPERATIONS = sorted(set(operations()), key=str)
ROUTES = [*PAGES, *OPERATIONS]
