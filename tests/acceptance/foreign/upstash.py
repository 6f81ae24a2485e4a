"""Upstash's REST interface: commands as JSON arrays at the root, several at once at /pipeline."""

from __future__ import annotations

import fnmatch
import socket
from collections.abc import Iterable
from typing import Any

from tests.acceptance.foreign.serving import Answer, Entry, Foreign

CHANGES = {"DEL", "UNLINK", "FLUSHDB", "FLUSHALL", "SET"}


class Upstash(Foreign):
    """One database; its scans give empty batches and keys twice, as documented. `variant`: full, or minimal."""

    def __init__(
        self,
        line: socket.socket,
        keys: Iterable[str],
        *,
        token: str,
        prefix: str = "",
        variant: str = "full",
        read_only: bool = False,
    ) -> None:
        self.keys, self.token, self.variant, self.read_only = dict.fromkeys(keys, "1"), token, variant, read_only
        super().__init__(line, prefix)

    def is_write(self, entry: Entry) -> bool:
        return any(str(command[0]).upper() in CHANGES for command in _commands(entry) if command)

    def answer(self, entry: Entry) -> Answer:
        if entry.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(401, {"error": "WRONGPASS invalid or missing auth token"})
        if entry.path == "/pipeline" and entry.method == "POST" and self.variant == "full":
            return Answer(200, [self._result(entry, command)[1] for command in _commands(entry)])
        if entry.path == "/" and entry.method == "POST":
            status, body = self._result(entry, entry.body)
            return Answer(status, body)
        if entry.method == "GET" and self.variant == "full":
            status, body = self._result(entry, entry.path.strip("/").split("/"))
            return Answer(status, body)
        return Answer(405 if entry.method not in {"GET", "POST"} else 404, {"error": "ERR not found"})

    def _result(self, entry: Entry, command: Any) -> tuple[int, dict[str, Any]]:
        if not isinstance(command, list) or not command:
            return 400, {"error": "ERR failed to parse command"}
        name, arguments = str(command[0]).upper(), [str(one) for one in command[1:]]
        if self.read_only and name in CHANGES | {"SCAN", "KEYS"}:
            return 400, {"error": f"NOPERM this user has no permissions to run the '{name.lower()}' command"}
        run = getattr(self, f"_{name.lower()}", None)
        if run is None:
            return 400, {"error": f"ERR Command is not available: '{name}'"}
        return 200, {"result": run(entry, arguments)}

    def _ping(self, entry: Entry, _: list[str]) -> str:
        return "PONG"

    def _dbsize(self, entry: Entry, _: list[str]) -> int:
        return len(self.keys)

    def _exists(self, entry: Entry, keys: list[str]) -> int:
        return sum(key in self.keys for key in keys)

    def _get(self, entry: Entry, keys: list[str]) -> str | None:
        return self.keys.get(keys[0])

    def _set(self, entry: Entry, words: list[str]) -> str:
        self.keys[words[0]] = words[1]
        entry.effect = f"set {words[0]}"
        return "OK"

    def _scan(self, entry: Entry, words: list[str]) -> list[Any]:
        options = dict(zip((word.upper() for word in words[1::2]), words[2::2], strict=True))
        matching = sorted(key for key in self.keys if _fits(key, options.get("MATCH", "*")))
        cursor, size = int(words[0]), max(3, int(options.get("COUNT", "10")) // 2)
        if cursor == 0 and matching:
            return ["1", []]
        start = max(cursor - 1, 0) * size
        batch = matching[start : start + size] + matching[start : start + 1]
        return [str(cursor + 1) if start + size < len(matching) else "0", batch]

    def _del(self, entry: Entry, keys: list[str]) -> int:
        gone = [key for key in keys if self.keys.pop(key, None) is not None]
        if gone:
            entry.effect = f"deleted {' '.join(sorted(gone))}"
        return len(gone)

    _unlink = _del

    def _flushdb(self, entry: Entry, _: list[str]) -> str:
        entry.effect = f"flushed {len(self.keys)}"
        self.keys.clear()
        return "OK"

    _flushall = _flushdb


def _commands(entry: Entry) -> list[Any]:
    if entry.method == "POST" and isinstance(entry.body, list):
        return entry.body if entry.path == "/pipeline" else [entry.body]
    return [entry.path.strip("/").split("/")]


def _fits(key: str, pattern: str) -> bool:
    """Match like Redis: a backslash makes the next character literal."""
    plain, characters = "", iter(pattern)
    for character in characters:
        literal = next(characters, "") if character == "\\" else ""
        plain += f"[{literal}]" if literal in "*?[" and literal else literal or character
    return fnmatch.fnmatchcase(key, plain)
