"""Reads what programs send: strict JSON in, strict schemas, and a sentence that names the culprit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from apps.timeline.answers import Unacceptable

DEEPEST = 32
MOST_NODES = 10_000


class Body(BaseModel):
    """The base of every request body: an unknown field is refused by its name, texts are trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Listing(Body):
    """The query of every list. Subclass it to add filters; whatever is not declared is refused with 422."""

    after: str | None = Field(None, description="The cursor `next` of the page before.")
    limit: int = Field(50, ge=1, le=200, description="How many items, 1 to 200.")


def read_json(raw: bytes) -> Any:
    """Return the value in `raw`. Raises Unacceptable for what is not JSON, or cannot be stored."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as problem:
        raise Unacceptable(f"The body is not JSON that we can read: {_why(problem)}.", code="malformed") from problem
    for count, (path, depth, node) in enumerate(_walk(value)):
        if depth > DEEPEST or count > MOST_NODES:
            raise Unacceptable("The body is nested too deeply or has too many parts.", code="malformed")
        _refuse_unstorable(path, node)
    return value


def is_overgrown(value: Any) -> bool:
    """Say whether a value is nested more deeply, or has more parts, than anybody means."""
    return any(depth > DEEPEST or count > MOST_NODES for count, (_, depth, _) in enumerate(_walk(value)))


def _why(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    return "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem).rstrip(".")


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} is given twice")
    return found


def _walk(value: Any) -> Iterator[tuple[str, int, Any]]:
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        path, depth, node = waiting.pop()
        yield path, depth, node
        if isinstance(node, dict):
            waiting.extend((name, depth + 1, name) for name in node)
            waiting.extend((f"{path}.{name}".lstrip("."), depth + 1, item) for name, item in node.items())
        elif isinstance(node, list):
            waiting.extend((f"{path}.{number}".lstrip("."), depth + 1, item) for number, item in enumerate(node))


def _refuse_unstorable(path: str, node: Any) -> None:
    if isinstance(node, float) and not math.isfinite(node):
        raise Unacceptable(f"{path}: the number is too large.", field=path)
    if isinstance(node, str) and not _storable(node):
        shown = path.replace("\x00", "␀").encode("utf-8", "replace").decode()
        raise Unacceptable(f"{shown}: the text has characters that cannot be stored.", field=shown)


def _storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
