"""A value with the place it was read from. Where a playbook did not come as text, places are None."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from apps.playbooks.problems import Invalid, Problem

LARGEST_BYTES = 256 * 1024
DEEPEST = 32
MOST_VALUES = 50_000
LARGEST_NUMBER = 10**15
LONGEST_FIELD_NAME = 120
LONGEST_PATH = 300
# Control characters, line breaks that editors do not show, and marks that reorder what a reader sees.
UNREADABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)

Scalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True)
class Node:
    """One value of the document; `key_line` is where its field name stands."""

    value: Scalar | list[Node] | dict[str, Node]
    path: str
    line: int | None = None
    column: int | None = None
    key_line: int | None = None

    def problem(self, message: str) -> Problem:
        """Return a problem that points here."""
        return Problem(message, self.path, self.line, self.column)

    def plain(self) -> Any:
        """Return the value without places, as dictionaries, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def under(path: str, name: str | int) -> str:
    """Return the path of a field or list entry, such as `steps[0].with.flags`."""
    if isinstance(name, int):
        return f"{path}[{name}]"[:LONGEST_PATH]
    return (f"{path}.{name}" if path else name)[:LONGEST_PATH]


def why_not_scalar(value: Scalar) -> str:
    """Return why a single value cannot be kept, or an empty text."""
    if isinstance(value, str):
        found = UNREADABLE.search(value)
        return f"contains the unreadable character U+{ord(found[0]):04X}; remove it" if found else ""
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a number; write a finite one"
    if isinstance(value, (int, float)) and abs(value) > LARGEST_NUMBER:
        return "is too large a number; put it in quotes if it is a text"
    return ""


def why_not_field_name(name: str) -> str:
    """Return why a text cannot name a field, or an empty text."""
    if len(name) > LONGEST_FIELD_NAME:
        return f"is longer than {LONGEST_FIELD_NAME} characters"
    return why_not_scalar(name)


def from_python(value: Any) -> Node:
    """Return the nodes of decoded JSON. Raises Invalid for what JSON does not have, and beyond the limits."""
    return _Converter().convert(value, "", 1)


class _Converter:
    """Counts while it converts, so that a huge or endless object stops early."""

    def __init__(self) -> None:
        self.values = 0
        self.characters = 0

    def convert(self, value: Any, path: str, depth: int) -> Node:
        self._count(value, path, depth)
        if isinstance(value, dict):
            return Node(
                {self._key(key, path): self._member(key, child, path, depth) for key, child in value.items()},
                path,
            )
        if isinstance(value, (list, tuple)):
            return Node([self.convert(child, under(path, at), depth + 1) for at, child in enumerate(value)], path)
        if isinstance(value, str):
            value = value.replace("\r\n", "\n")
        if value is not None and not isinstance(value, (bool, int, float, str)):
            raise Invalid([Problem("is not a text, number, list or mapping", path)])
        if reason := why_not_scalar(value):
            raise Invalid([Problem(reason, path)])
        return Node(value, path)

    def _member(self, key: Any, child: Any, path: str, depth: int) -> Node:
        return self.convert(child, under(path, str(key)[:LONGEST_FIELD_NAME]), depth + 1)

    def _key(self, key: Any, path: str) -> str:
        if not isinstance(key, str) or why_not_field_name(key):
            raise Invalid([Problem("has a field whose name is not a short plain text", path)])
        return key

    def _count(self, value: Any, path: str, depth: int) -> None:
        self.values += 1
        self.characters += len(value) if isinstance(value, (str, dict)) else 0
        if depth > DEEPEST:
            raise Invalid([Problem(f"is nested deeper than {DEEPEST} levels", path[:200])])
        if self.values > MOST_VALUES or self.characters > LARGEST_BYTES:
            raise Invalid([Problem("The playbook is larger than 256 KB. Split it, or move long texts elsewhere.")])
