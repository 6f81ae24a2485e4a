"""A small router: method and path pattern to a handler, and whether that handler may change anything."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from .messages import Response

Handler = Callable[..., Response]
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Route:
    """One row of a provider's table of addresses."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    mutates: bool


class Routes:
    """The table; the first row that fits wins, `{name}` stands for one part of the path."""

    def __init__(self) -> None:
        self._rows: list[Route] = []

    def add(self, method: str, *paths: str, mutates: bool | None = None) -> Callable[[Handler], Handler]:
        """Registers a handler; what is not GET mutates unless said otherwise."""
        changes = method not in READING if mutates is None else mutates

        def register(handler: Handler) -> Handler:
            for path in paths:
                self._rows.append(Route(method, _compiled(path), handler, changes))
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The row for a call with the names in its path, or None; HEAD is served by GET."""
        wanted = "GET" if method == "HEAD" else method
        for row in self._rows:
            if row.method == wanted and (match := row.pattern.fullmatch(path)):
                return row, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def knows(self, path: str) -> bool:
        """Whether any method is served at this path (405 instead of 404)."""
        return any(row.pattern.fullmatch(path) for row in self._rows)

    def merge(self, *others: "Routes") -> "Routes":
        """Takes over the rows of other tables; returns itself."""
        for other in others:
            self._rows.extend(other._rows)
        return self


def _compiled(path: str) -> re.Pattern[str]:
    named: list[Any] = re.split(r"\{(\w+)(:path)?\}", path)
    pattern = ""
    for index in range(0, len(named), 3):
        pattern += re.escape(named[index])
        if index + 1 < len(named):
            pattern += f"(?P<{named[index + 1]}>{'.+' if named[index + 2] else '[^/]+'})"
    return re.compile(pattern)
