"""Read one mapping field by field, collecting what is wrong instead of stopping at the first thing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from apps.playbooks import placeholders
from apps.playbooks.nodes import Node
from apps.playbooks.problems import Problem

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*")
LONGEST_NAME = 120
LONGEST_TEXT = 10_000
MOST_ENTRIES = 200
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass
class Reading:
    """What is shared while one playbook is read: the problems so far and the inputs its texts may use."""

    problems: list[Problem] = field(default_factory=list)
    inputs: frozenset[str] = frozenset()

    def report(self, node: Node, message: str) -> None:
        """Note a problem at the place of `node`."""
        self.problems.append(node.problem(message))

    def check_template(self, node: Node) -> None:
        """Report unknown placeholders in every text under `node`."""
        if isinstance(node.value, dict):
            self._check_templates(node.value.values())
        elif isinstance(node.value, list):
            self._check_templates(node.value)
        elif isinstance(node.value, str):
            reasons = (placeholders.why_unknown(name, self.inputs) for name in placeholders.names_in(node.value))
            for reason in dict.fromkeys(filter(None, reasons)):
                self.report(node, reason)

    def _check_templates(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            self.check_template(node)


class Fields:
    """The fields of one mapping. Ask for each, then call `finish`, which reports those nobody asked for."""

    def __init__(self, node: Node, reading: Reading, what: str) -> None:
        self.node, self.reading, self.what = node, reading, what
        self.found: dict[str, Node] = node.value if isinstance(node.value, dict) else {}
        self.is_mapping = isinstance(node.value, dict)
        self.asked: list[str] = []
        if not self.is_mapping:
            reading.report(node, f"{what} must be a mapping of fields to values.")

    def get(self, name: str, *, required: bool = False) -> Node | None:
        """Return the field's node, or None where it is absent or empty."""
        self.asked.append(name)
        node = self.found.get(name)
        if node is None or node.value is None:
            if required and self.is_mapping:
                self.reading.report(node or self.node, f"{self.what} needs “{name}”.")
            return None
        return node

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_NAME, template: bool = False) -> str:
        """Return a text; empty where absent. Whole numbers count. Up to LONGEST_NAME it must be one line."""
        node = self.get(name, required=required)
        if node is None:
            return ""
        return text_of(node, self.reading, name, longest=longest, template=template)

    def slug(self, name: str, *, required: bool = False) -> str:
        """Return a text of small letters, digits, “-” and “_”."""
        node = self.get(name, required=required)
        return slug_of(node, self.reading, name) if node else ""

    def whole(self, name: str, least: int, most: int) -> int | None:
        """Return a whole number between the limits, or None where absent."""
        node = self.get(name)
        if node is None:
            return None
        if isinstance(node.value, bool) or not isinstance(node.value, int) or not least <= node.value <= most:
            self.reading.report(node, f"“{name}” must be a whole number from {least} to {most}.")
            return None
        return node.value

    def yes(self, name: str) -> bool:
        """Return whether the field is true; false where absent."""
        node = self.get(name)
        if node is not None and not isinstance(node.value, bool):
            self.reading.report(node, f"“{name}” must be true or false.")
            return False
        return bool(node and node.value)

    def choice(self, name: str, choices: type[Choice], default: Choice) -> Choice:
        """Return one of the words of `choices`."""
        node = self.get(name)
        if node is None:
            return default
        words = [str(word) for word in choices]
        if not isinstance(node.value, str) or node.value not in words:
            self.reading.report(node, f"“{name}” must be one of: {', '.join(words)}.")
            return default
        return choices(node.value)

    def entries(self, name: str, *, required: bool = False) -> list[Node]:
        """Return the nodes of a list; empty where absent."""
        node = self.get(name, required=required)
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.reading.report(node, f"“{name}” must be a list.")
            return []
        if len(node.value) > MOST_ENTRIES:
            self.reading.report(node, f"“{name}” has {len(node.value)} entries; {MOST_ENTRIES} are allowed.")
            return []
        return node.value

    def texts(self, name: str, *, longest: int = LONGEST_TEXT) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(text_of(node, self.reading, name, longest=longest) for node in self.entries(name))

    def slugs(self, name: str) -> tuple[str, ...]:
        """Return a list of slugs without repetitions."""
        found = (slug_of(node, self.reading, name) for node in self.entries(name))
        return tuple(dict.fromkeys(filter(None, found)))

    def finish(self, also: Collection[str] = ()) -> None:
        """Report every field nobody asked for, with the nearest known name."""
        known = [*self.asked, *also]
        for name, node in self.found.items():
            if name not in known:
                near = get_close_matches(name[:60], known, 1)
                hint = f" Did you mean “{near[0]}”?" if near else ""
                message = f"{self.what} has no field “{name[:60]}”.{hint}"
                self.reading.problems.append(Problem(message, node.path, node.key_line, None))


def text_of(node: Node, reading: Reading, name: str, *, longest: int, template: bool = False) -> str:
    """Return a node's text, reporting what is not one, is empty or is too long."""
    if isinstance(node.value, (list, dict, bool, float)) or node.value is None:
        hint = " Put the number in quotes." if isinstance(node.value, float) else ""
        reading.report(node, f"“{name}” must be a text.{hint}")
        return ""
    text = str(node.value)
    if not text.strip():
        reading.report(node, f"“{name}” must not be empty.")
    if longest <= LONGEST_NAME and "\n" in text:
        reading.report(node, f"“{name}” must be one line.")
    if len(text) > longest:
        reading.report(node, f"“{name}” has {len(text)} characters; {longest} are allowed.")
    if template:
        reading.check_template(node)
    return text


def slug_of(node: Node, reading: Reading, name: str) -> str:
    """Return a node's slug, reporting what is not one."""
    text = str(node.value) if isinstance(node.value, (str, int)) and not isinstance(node.value, bool) else ""
    if len(text) > 60 or not SLUG.fullmatch(text):
        reading.report(node, f"“{name}” must be small letters, digits, “-” and “_”, at most 60 characters.")
        return ""
    return text
