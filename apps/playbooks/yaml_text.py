"""Read YAML text into nodes with their lines, from the event stream, so that nothing is ever built from tags.

Only what JSON can say is accepted: no tags, no anchors or aliases, no second document, no repeated field.
Numbers are decimal; `yes`, `no`, `on` and `off` are texts, as YAML 1.2 says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from apps.playbooks.nodes import (
    DEEPEST,
    LARGEST_BYTES,
    MOST_VALUES,
    Node,
    Scalar,
    under,
    why_not_field_name,
    why_not_scalar,
)
from apps.playbooks.problems import Invalid, Problem

WHOLE = re.compile(r"[-+]?[0-9]{1,16}")
DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,32}(?:\.[0-9]{0,32})?|\.[0-9]{1,32})(?:[eE][-+]?[0-9]{1,3})?")
NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
WORDS: Mapping[str, Scalar] = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def read(text: str) -> Node:
    """Return the document as nodes. Raises Invalid, and nothing else, for any text."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text.encode("utf-8", "replace")) > LARGEST_BYTES:
        raise Invalid([Problem("The playbook is larger than 256 KB. Split it, or move long texts elsewhere.")])
    return _Document(_events(text)).read()


def _events(text: str) -> Iterator[Any]:
    """Yield the scanner's events; everything it can raise becomes a problem with a line."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"This is not readable as YAML: {error.problem or error.context}."
        place = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise Invalid([Problem(message, "", *place)]) from None
    except Invalid:
        raise
    except Exception as error:  # bad escapes and characters leave the scanner as several built-in exceptions
        message = "This is not readable as YAML: it holds a character or an escape that no text may hold."
        raise Invalid([Problem(message, "", *_place_of(error, text))]) from error


def _place_of(error: Exception, text: str) -> tuple[int | None, int | None]:
    position = getattr(error, "position", None)
    if not isinstance(position, int) or position > len(text):
        return None, None
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


class _Document:
    """Builds nodes from events, one level of the document per level of the stack."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.values = 0

    def read(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise self._stop(event, "A playbook is one document; remove the second one.")
                if event.version or event.tags:
                    raise self._stop(event, "Directives (lines that begin with %) are not allowed.")
                root = self._value(next(self.events), "", 1)
        if root is None:
            raise Invalid([Problem("The playbook is empty.", line=1, column=1)])
        return root

    def _value(self, event: Any, path: str, depth: int, key_line: int | None = None) -> Node:
        self._refuse_cleverness(event, path, depth)
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        value: Any
        if isinstance(event, MappingStartEvent):
            value = self._mapping(path, depth)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence(path, depth)
        else:
            value = self._scalar(event, path)
        return Node(value, path, line, column, key_line)

    def _mapping(self, path: str, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            self._refuse_cleverness(event, path, depth)
            if not isinstance(event, ScalarEvent):
                raise self._stop(event, "A field name must be a plain text.", path)
            key = event.value
            if reason := why_not_field_name(key):
                raise self._stop(event, f"A field name {reason}.", path)
            if key in found:
                first = found[key].key_line
                raise self._stop(event, f"“{key[:60]}” is written twice; the first one is on line {first}.", path)
            found[key] = self._value(next(self.events), under(path, key), depth + 1, event.start_mark.line + 1)
        return found

    def _sequence(self, path: str, depth: int) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            found.append(self._value(event, under(path, len(found)), depth + 1))
        return found

    def _scalar(self, event: ScalarEvent, path: str) -> Scalar:
        value = resolve(event.value) if event.implicit[0] else event.value
        reason = why_not_scalar(value)
        if event.implicit[0] and NOT_A_NUMBER.fullmatch(event.value):
            reason = "is not a number; write a finite one"
        if reason:
            raise self._stop(event, f"The value {reason}.", path)
        return value

    def _refuse_cleverness(self, event: Any, path: str, depth: int) -> None:
        self.values += 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise self._stop(event, "Anchors and aliases (& and *) are not allowed; write the value out.", path)
        if getattr(event, "tag", None):
            raise self._stop(event, "Tags (!) are not allowed; write a plain value.", path)
        if depth > DEEPEST:
            raise self._stop(event, f"The playbook is nested deeper than {DEEPEST} levels.", path[:200])
        if self.values > MOST_VALUES:
            raise self._stop(event, "The playbook holds too many values.", "")

    @staticmethod
    def _stop(event: Any, message: str, path: str = "") -> Invalid:
        return Invalid([Problem(message, path, event.start_mark.line + 1, event.start_mark.column + 1)])


def resolve(plain: str) -> Scalar:
    """Return what an unquoted word means: nothing, yes or no, a decimal number, or the text itself."""
    if plain in WORDS:
        return WORDS[plain]
    if WHOLE.fullmatch(plain):
        return int(plain)
    if DECIMAL.fullmatch(plain):
        return float(plain)
    return plain
