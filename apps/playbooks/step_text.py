"""Change one step inside the text of a playbook; every other line, comments included, stays as it was."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from apps.playbooks.yaml_emitting import is_plain

LIST_UNDER_STEPS = re.compile(r"^steps:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- ", re.MULTILINE)


def change_step(content: str, position: int, fields: dict[str, Any]) -> str:
    """Return the text with the fields of step `position` (from 1) set; None removes a field.

    Mappings are merged field by field. `content` must be a text that `parse` accepts.
    """
    yaml = _round_trip(content)
    whole = yaml.load(content)
    _merge(whole["steps"][position - 1], fields)
    written = StringIO()
    yaml.dump(whole, written)
    return written.getvalue()


def _round_trip(content: str) -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    found = LIST_UNDER_STEPS.search(content)
    offset = len(found[1]) if found else 2
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    return yaml


def _merge(target: Any, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if value is None:
            target.pop(name, None)
        elif isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        elif target.get(name) != (plain := _with_plain_ends(value)):
            target[name] = _written(plain)


def _with_plain_ends(value: Any) -> Any:
    """Return a text with the line ends of a playbook; browsers send others."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _written(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_written(child) for child in value]
    if not isinstance(value, str) or is_plain(value):
        return value
    clean = "\n" in value and all(line == line.rstrip() for line in value.split("\n")) and not value[0].isspace()
    return LiteralScalarString(value) if clean else DoubleQuotedScalarString(value)
