"""Take a SQL script apart into statements, and say what of it can never run inside the one transaction.

The cuts follow psql: at a semicolon outside of quotes, comments, parentheses and a body that begins with BEGIN ATOMIC.
Each statement is sent by itself in the extended protocol, where the server takes only one, so that a cut at the wrong
place is an error there and never a way around the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST_SCRIPT = 100_000  # characters
MOST_STATEMENTS = 200
_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)
    |(?P<open>/\*)
    |(?P<dollar>\$(?:[^\W\d]\w*)?\$)
    |(?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*')
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<word>[^\W\d][\w$]*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>\S)""",
    re.VERBOSE | re.DOTALL,
)
TRANSACTION = frozenset({"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"})
OUTSIDE = ("vacuum", "create database", "drop database", "create tablespace", "drop tablespace", "alter system")
WRITES = frozenset({"insert", "update", "delete", "merge"})


class NotAScript(ValueError):
    """The text cannot be run as a script; says why in a sentence."""


@dataclass(frozen=True)
class Statement:
    """One statement: its text, and its words outside of quotes and comments in lower case."""

    text: str
    words: tuple[str, ...]

    @property
    def verb(self) -> str:
        """Its first word, as people would call it: DELETE."""
        return self.words[0].upper() if self.words else "?"

    def begins(self, *words: str) -> bool:
        """Say whether the statement begins with these words."""
        return self.words[: len(words)] == words


def statements(script: str) -> list[Statement]:
    """Return the statements of a script, in their order. Raises NotAScript."""
    if len(script) > LONGEST_SCRIPT:
        raise NotAScript(f"The script has more than {LONGEST_SCRIPT} characters.")
    if "\0" in script:
        raise NotAScript("The script holds a NUL character, at which a part of it would be lost.")
    found = [statement for statement in _cut(script) if statement.words]
    if not found:
        raise NotAScript("The script has no statement.")
    if len(found) > MOST_STATEMENTS:
        raise NotAScript(f"The script has more than {MOST_STATEMENTS} statements.")
    return found


def problems(script: str) -> Sequence[str]:
    """Return why the script can never run in one transaction; empty when it can as far as can be told here."""
    try:
        found = statements(script)
    except NotAScript as error:
        return (str(error),)
    return tuple(f"Statement {number}: {text}" for number, one in enumerate(found, 1) if (text := _problem(one)))


def question_problem(query: str) -> str:
    """Return why a text is not one reading query, or an empty text."""
    try:
        found = statements(query)
    except NotAScript as error:
        return str(error).replace("The script", "The query")
    if len(found) > 1:
        return "The query must be one statement."
    if found[0].words[0] not in ("select", "with", "values", "table", "show"):
        return f"The query begins with {found[0].verb}: it must read only (SELECT, WITH, VALUES, TABLE or SHOW)."
    return ""


def _problem(statement: Statement) -> str:
    words = statement.words
    if words[0] in TRANSACTION or statement.begins("prepare", "transaction"):
        return f"{statement.verb} is not allowed; the script runs in one transaction that the portal ends itself."
    if any(statement.begins(*kind.split()) for kind in OUTSIDE) or "concurrently" in words[:4]:
        return f"{' '.join(words[:2]).upper()} cannot run inside a transaction."
    if words[0] == "copy":
        return "COPY reads or writes files, programs or the connection; write INSERT, or CREATE TABLE … AS."
    if words[0] in ("set", "reset", "discard") and not statement.begins("set", "local"):
        return f"{statement.verb} would outlive the script; write SET LOCAL."
    if words[0] == "set" and any(word.endswith("_timeout") for word in words):
        return "Time limits are parameters of the action, not of the script."
    return ""


def _cut(script: str) -> Iterator[Statement]:
    """Yield everything between two semicolons, also where there is nothing."""
    start, depth, atomic = 0, 0, 0
    words: list[str] = []
    for kind, piece, at in _tokens(script):
        if kind == "word":
            atomic = _atomic(atomic, words, piece.lower())
            words.append(piece.lower())
        elif piece == ";" and depth <= 0 and not atomic:
            yield Statement(script[start:at].strip(), tuple(words))
            start, depth, words = at + 1, 0, []
        elif kind != "comment":
            depth += (piece == "(") - (piece == ")")
            words += ["?"] if not words else []  # so that nothing is taken for a first word that is not one
    yield Statement(script[start:].strip(), tuple(words))


def _atomic(depth: int, words: list[str], word: str) -> int:
    """Count how deep in a body of BEGIN ATOMIC we are; CASE ends with END as well."""
    if word == "atomic" and words[-1:] == ["begin"]:
        return depth + 1
    if depth and word == "case":
        return depth + 1
    return depth - 1 if depth and word == "end" else depth


def _tokens(script: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, text and position of every piece. Raises NotAScript for what is opened and not closed."""
    at = 0
    while match := _TOKEN.search(script, at):
        kind, piece, at = str(match.lastgroup), match[0], match.end()
        if kind == "open":
            at = _after_comment(script, at)
            kind = "comment"
        elif kind == "dollar":
            end = script.find(piece, at)
            if end < 0:
                raise NotAScript(f"The script opens {piece} and does not close it.")
            at = end + len(piece)
        elif kind == "sign" and piece in "'\"":
            raise NotAScript(f"The script opens a {piece} and does not close it.")
        elif kind == "sign" and piece == "\\":
            raise NotAScript("The script has a “\\” outside of a text: commands of psql cannot be run here.")
        yield kind, piece, match.start()


def _after_comment(script: str, at: int) -> int:
    """Return where a comment ends; comments nest in Postgres. Raises NotAScript."""
    depth = 1
    for mark in re.finditer(r"/\*|\*/", script[at:]):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return at + mark.end()
    raise NotAScript("The script opens a comment and does not close it.")
