"""Read GraphQL documents as clients send them: operations, fragments, arguments. No schema, no types."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

WORD = re.compile(
    r'[\s,\ufeff]+|\#[^\n]*|(?P<block>"""(?:[^"]|"(?!""))*""")|(?P<text>"(?:\\.|[^"\\\n])*")'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[_A-Za-z]\w*)|(?P<mark>\.\.\.|[!$():=@\[\]{|}&])"
)
CONSTANTS = {"true": True, "false": False, "null": None}


class Unreadable(ValueError):
    """The document is not GraphQL, or asks for an operation it does not have."""


@dataclass(frozen=True)
class Variable:
    """`$name` inside arguments."""

    name: str


@dataclass
class Selection:
    """A field, or a fragment (`name` begins with `...`)."""

    name: str
    alias: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    directives: dict[str, dict[str, Any]] = field(default_factory=dict)
    chosen: list["Selection"] = field(default_factory=list)


@dataclass
class Operation:
    """One query or mutation of a document."""

    kind: str
    name: str
    chosen: list[Selection]
    defaults: dict[str, Any]


class Document:
    """A parsed document: its operations and fragments. Raises `Unreadable`."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self.operations: list[Operation] = []
        self.fragments: dict[str, list[Selection]] = {}
        while self._peek():
            self._definition()

    def operation(self, name: str = "") -> Operation:
        """The operation called `name`, or the only one."""
        found = [one for one in self.operations if name in ("", one.name)]
        if not found:
            raise Unreadable(f'Unknown operation named "{name}".')
        return found[0]

    def _definition(self) -> None:
        kind = "query" if self._peek() == "{" else self._next()
        if kind == "fragment":
            name = self._next()
            self._next(), self._next()  # on Type
            self._directives()
            self.fragments[name] = self._selections()
            return
        if kind not in ("query", "mutation", "subscription"):
            raise Unreadable(f"Syntax Error: Unexpected {kind!r}.")
        name = "" if self._peek() in ("{", "(", "@") else self._next()
        defaults = self._declared() if self._peek() == "(" else {}
        self._directives()
        self.operations.append(Operation(kind, name, self._selections(), defaults))

    def _declared(self) -> dict[str, Any]:
        defaults, depth = {}, 0
        self._next("(")
        while self._peek() != ")" or depth:
            self._next("$")
            name = self._next()
            self._next(":")
            while self._peek() not in ("$", ")", "="):
                self._next()
            if self._peek() == "=":
                self._next()
                defaults[name] = self._value()
        self._next(")")
        return defaults

    def _selections(self) -> list[Selection]:
        found = []
        self._next("{")
        while self._peek() != "}":
            found.append(self._selection())
        self._next("}")
        return found

    def _selection(self) -> Selection:
        if self._peek() == "...":
            return self._spread()
        made = Selection(self._next())
        if self._peek() == ":":
            self._next()
            made = Selection(self._next(), alias=made.name)
        made.arguments = self._arguments()
        made.directives = self._directives()
        if self._peek() == "{":
            made.chosen = self._selections()
        return made

    def _spread(self) -> Selection:
        self._next("...")
        if self._peek() not in ("on", "{", "@"):
            return Selection(f"...{self._next()}", directives=self._directives())
        if self._peek() == "on":
            self._next(), self._next()
        directives = self._directives()
        return Selection("...", directives=directives, chosen=self._selections())

    def _arguments(self) -> dict[str, Any]:
        found = {}
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                name = self._next()
                self._next(":")
                found[name] = self._value()
            self._next(")")
        return found

    def _directives(self) -> dict[str, dict[str, Any]]:
        found = {}
        while self._peek() == "@":
            self._next()
            name = self._next()
            found[name] = self._arguments()
        return found

    def _value(self) -> Any:
        word = self._next()
        if word == "$":
            return Variable(self._next())
        if word == "[":
            items = []
            while self._peek() != "]":
                items.append(self._value())
            self._next("]")
            return items
        if word == "{":
            entries = {}
            while self._peek() != "}":
                name = self._next()
                self._next(":")
                entries[name] = self._value()
            self._next("}")
            return entries
        return _scalar(word)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self, wanted: str = "") -> str:
        word = self._peek()
        if not word or (wanted and word != wanted):
            raise Unreadable(f'Syntax Error: Expected "{wanted}", found {word or "<EOF>"}.')
        self._at += 1
        return word


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = WORD.match(text, at)
        if match is None:
            raise Unreadable(f"Syntax Error: Unexpected character {text[at]!r}.")
        at = match.end()
        if match.lastgroup:
            found.append(match[0])
    return found


def _scalar(word: str) -> Any:
    if word.startswith('"""'):
        return word[3:-3].strip()
    if word.startswith('"'):
        return json.loads(word)
    if re.fullmatch(r"-?\d+", word):
        return int(word)
    if word[0] in "-0123456789":
        return float(word)
    return CONSTANTS.get(word, word)
