"""Reads the part of PromQL that monitoring of requests needs: selectors, functions, sums, and arithmetic."""

import re
from dataclasses import dataclass, field
from typing import Any

TOKENS = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w.]))|(?P<duration>\d+[smhd])|(?P<name>[a-zA-Z_:][\w:]*)"
    r'|(?P<text>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`)|(?P<sign>=~|!~|!=|[-+*/(){}\[\],=]))'
)
AGGREGATES = ("sum", "count", "avg", "max", "min")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Unreadable(ValueError):
    """It is no expression, or one of a kind that is not known here."""


@dataclass(frozen=True)
class Selector:
    """Series with a name whose labels fit; with a `window` (seconds) it is a range."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    window: float = 0.0


@dataclass(frozen=True)
class Applied:
    """A function, an aggregate (with the labels that it keeps) or an operator, and what it is applied to."""

    name: str
    to: tuple[Any, ...]
    by: tuple[str, ...] = ()


@dataclass
class _Reader:
    tokens: list[tuple[str, str]]
    place: int = 0
    given: list[str] = field(default_factory=list)

    def peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self, *wanted: str, kind: str = "") -> str:
        found = self.tokens[self.place] if self.place < len(self.tokens) else ("end", "end of input")
        if (wanted and found[1] not in wanted) or (kind and found[0] != kind):
            raise Unreadable(f"{self.place + 1}: parse error: unexpected {found[1]}")
        self.place += 1
        return found[1]


def parsed(text: str) -> Any:
    """The expression as a tree of `Selector`, `Applied` and numbers. Raises `Unreadable`."""
    tokens, place = [], 0
    while place < len(text.rstrip()):
        found = TOKENS.match(text, place)
        if not found:
            raise Unreadable(f"1:{place + 1}: parse error: unexpected character: {text[place]!r}")
        tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
        place = found.end()
    reader = _Reader(tokens)
    tree = _sum(reader)
    if reader.peek():
        reader.take("end of input")
    return tree


def _sum(reader: _Reader) -> Any:
    tree = _product(reader)
    while reader.peek() in ("+", "-"):
        tree = Applied(reader.take(), (tree, _product(reader)))
    return tree


def _product(reader: _Reader) -> Any:
    tree = _single(reader)
    while reader.peek() in ("*", "/"):
        tree = Applied(reader.take(), (tree, _single(reader)))
    return tree


def _single(reader: _Reader) -> Any:
    if reader.peek() == "(":
        reader.take()
        tree = _sum(reader)
        reader.take(")")
        return tree
    if reader.peek() == "-":
        reader.take()
        return Applied("*", (-1.0, _single(reader)))
    if reader.peek()[:1].isdigit():
        return float(reader.take(kind="number"))
    name = "" if reader.peek() == "{" else reader.take(kind="name")
    if name in AGGREGATES:
        return _aggregate(reader, name)
    return _applied(reader, name) if reader.peek() == "(" else _selector(reader, name)


def _aggregate(reader: _Reader, name: str) -> Applied:
    by = _by(reader)
    reader.take("(")
    inner = _sum(reader)
    reader.take(")")
    return Applied(name, (inner,), by or _by(reader))


def _by(reader: _Reader) -> tuple[str, ...]:
    if reader.peek() != "by":
        return ()
    reader.take()
    reader.take("(")
    found = []
    while reader.peek() != ")":
        found.append(reader.take(kind="name"))
        if reader.peek() == ",":
            reader.take()
    reader.take(")")
    return tuple(found)


def _applied(reader: _Reader, name: str) -> Applied:
    reader.take("(")
    to = []
    while reader.peek() != ")":
        to.append(_sum(reader))
        if reader.peek() != ")":
            reader.take(",")
    reader.take(")")
    return Applied(name, tuple(to))


def _selector(reader: _Reader, name: str) -> Selector:
    matchers: list[tuple[str, str, str]] = []
    if reader.peek() == "{":
        reader.take()
        while reader.peek() != "}":
            label, sign = reader.take(kind="name"), reader.take("=", "!=", "=~", "!~")
            matchers.append((label, sign, reader.take(kind="text")[1:-1]))
            if reader.peek() == ",":
                reader.take()
        reader.take("}")
    if reader.peek() != "[":
        return Selector(name, tuple(matchers))
    reader.take()
    window = reader.take(kind="duration")
    reader.take("]")
    return Selector(name, tuple(matchers), float(window[:-1]) * SECONDS[window[-1]])
