"""Write mappings, lists and scalars as YAML that `yaml_text.read` reads back to exactly the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from apps.playbooks.yaml_text import resolve

LINE_LENGTH = 110
PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9 _./()+%~=;$'“”’–—…-]*")
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# Words that other YAML readers take for something else than a text.
AMBIGUOUS = frozenset({"yes", "no", "on", "off", "y", "n"})


def emit(document: dict[str, Any]) -> str:
    """Return the document as YAML with two spaces per level and short mappings on one line."""
    return "".join(f"{line}\n" for line in _mapping(document, 0))


def is_plain(text: str) -> bool:
    """Say whether a text can stand without quotes, in this reader and in others."""
    plain = PLAIN.fullmatch(text) and not text.endswith(" ") and resolve(text) == text
    return bool(plain) and text.lower() not in AMBIGUOUS


def _mapping(fields: dict[str, Any], depth: int) -> Iterator[str]:
    for name, value in fields.items():
        yield from _field(_key(name), value, depth)


def _field(head: str, value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    line = f"{indent}{head}: {_inline(value)}"
    if depth and _is_short(value) and len(line) <= LINE_LENGTH:
        yield line
    elif isinstance(value, dict) and value:
        yield f"{indent}{head}:"
        yield from _mapping(value, depth + 1)
    elif isinstance(value, list) and value:
        if not any(isinstance(item, (dict, list)) for item in value) and len(line) <= LINE_LENGTH:
            yield line
            return
        yield f"{indent}{head}:"
        yield from _list(value, depth + 1)
    elif isinstance(value, str) and _fits_block(value):
        yield f"{indent}{head}: {'|' if value.endswith(chr(10)) else '|-'}"
        yield from (f"{indent}  {part}" if part else "" for part in value.removesuffix("\n").split("\n"))
    else:
        yield line


def _list(items: list[Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for item in items:
        line = f"{indent}- {_inline(item)}"
        if _is_short(item) and len(line) <= LINE_LENGTH:
            yield line
        elif isinstance(item, dict) and item:
            lines = list(_mapping(item, depth + 1))
            yield f"{indent}- {lines[0].lstrip(' ')}"
            yield from lines[1:]
        elif isinstance(item, list) and item:
            yield f"{indent}-"
            yield from _list(item, depth + 1)
        else:
            yield line


def _is_short(value: Any) -> bool:
    """Say whether a value is read well on one line: no mapping of mappings, no text of many lines."""
    if isinstance(value, dict):
        return all(_is_short(child) and not isinstance(child, dict) for child in value.values())
    if isinstance(value, list):
        return not any(isinstance(child, (dict, list)) for child in value)
    return not isinstance(value, str) or not _fits_block(value)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)}: {_inline(child)}" for name, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(child) for child in value) + "]"
    if isinstance(value, str):
        return _text(value)
    return json.dumps(value)


def _text(text: str) -> str:
    return text if is_plain(text) else json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    plain = PLAIN_KEY.fullmatch(name) and resolve(name) == name and name.lower() not in AMBIGUOUS
    return name if plain else json.dumps(name, ensure_ascii=False)


def _fits_block(text: str) -> bool:
    """Say whether a text of several lines can be written as a block without changing a character."""
    lines = text.removesuffix("\n").split("\n")
    clean = all(line == line.rstrip() and "\t" not in line for line in lines)
    return len(lines) > 1 and clean and bool(lines[0]) and not lines[0].startswith(" ") and bool(lines[-1])
