"""Read which commands the operator of the installation allows: a file that only the operator can write.

A connection names one place of the file and proves by its key that it may use it, so that one organisation cannot run
what was allowed for another.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.providers.base import Access, ProviderError
from apps.providers.command.tools import TOOLS, Tool, unfit

OFF = "Commands are switched off in this installation. Its operator can allow some by a file that COMMANDS_FILE names."
LONGEST_SECONDS = 3600.0
LONGEST_ARGUMENT = 200
SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "fish", "cmd", "powershell", "pwsh"}
PATH = "/usr/local/bin:/usr/bin:/bin"
_HOLE = re.compile(r"\{(\w+)\}")


class NotAllowed(ProviderError):
    """The file does not allow it, or cannot be believed; says why in a sentence."""


@dataclass(frozen=True)
class Command:
    """One allowed command line with holes, each of which takes what its pattern fits."""

    name: str
    title: str
    tool: Tool
    argv: tuple[str, ...]
    directory: str
    seconds: float
    reads: bool = False
    copy_first: str = ""
    patterns: Mapping[str, str] = field(default_factory=dict)

    def line(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return the command line with its holes filled. Raises NotAllowed."""
        if odd := set(arguments) ^ set(self.patterns):
            raise NotAllowed(f"“{self.name}” takes {sorted(self.patterns) or 'no arguments'}; look at {sorted(odd)}.")
        for name, pattern in self.patterns.items():
            value = arguments[name]
            fits = isinstance(value, str) and len(value) <= LONGEST_ARGUMENT and value.isprintable()
            if not fits or value.startswith("-") or not re.fullmatch(pattern, value):
                raise NotAllowed(f"“{name}” of “{self.name}” must fit {pattern}, and may not begin with “-”.")
        return [_HOLE.sub(lambda hole: arguments[hole[1]], word) for word in self.argv]


@dataclass(frozen=True)
class Place:
    """Where commands run: which variables a connection gives them, which are fixed, and the commands."""

    name: str
    key_sha256: str
    commands: Mapping[str, Command]
    environment: tuple[str, ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)

    def command(self, name: str) -> Command:
        """Return the command of that name. Raises NotAllowed."""
        if name not in self.commands:
            raise NotAllowed(f"“{name}” is not an allowed command here; allowed: {', '.join(self.commands) or 'none'}.")
        return self.commands[name]

    def variables(self, access: Access) -> dict[str, str]:
        """Return the whole environment of a command: nothing of ours is in it. Raises NotAllowed."""
        given = access.credentials.get("environment") or {}
        if odd := sorted(set(given) - set(self.environment)):
            raise NotAllowed(f"The file does not let a connection give {', '.join(odd)}.")
        if lacking := sorted(set(self.environment) - set(given)):
            raise NotAllowed(f"The connection gives no value for {', '.join(lacking)}.")
        return {"PATH": PATH, "LANG": "C.UTF-8", **self.fixed, **given}


def switched_on() -> bool:
    """Say whether the operator allows any commands."""
    return bool(os.environ.get("COMMANDS_FILE", "").strip())


def place_of(access: Access) -> Place:
    """Return the place that a connection may use.

    An unknown place and a wrong key sound the same. Raises NotAllowed.
    """
    if not switched_on():
        raise NotAllowed(OFF)
    name = access.settings.get("place", "")
    found = _read(Path(os.environ.get("COMMANDS_FILE", "").strip())).get(name)
    shown = hashlib.sha256(str(access.credentials.get("key", "")).encode()).hexdigest()
    if not isinstance(found, dict) or not hmac.compare_digest(shown, str(found.get("key_sha256", "")).lower()):
        raise NotAllowed(f"There is no place “{name}” in the operator's file, or the key is not its key.")
    return _place(name, found)


def _read(path: Path) -> dict[str, Any]:
    """Return the parsed file. Raises NotAllowed where it cannot be read or others may have written it."""
    try:
        if not path.is_absolute():
            raise NotAllowed("COMMANDS_FILE must be an absolute path.")
        if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise NotAllowed("The file of allowed commands can be written by others: take that away (chmod go-w).")
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise NotAllowed(f"The file of allowed commands cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotAllowed(f"The file of allowed commands is not TOML ({error}).") from None


def _place(name: str, said: Mapping[str, Any]) -> Place:
    _known(f"place “{name}”", said, {"key_sha256", "directory", "environment", "set", "commands"})
    commands = {key: _command(key, one, said.get("directory", "")) for key, one in said.get("commands", {}).items()}
    for one in commands.values():
        if one.copy_first and one.copy_first not in commands:
            raise NotAllowed(f"“{one.name}” wants “{one.copy_first}” first, which is not allowed here.")
    return Place(name, said["key_sha256"], commands, tuple(said.get("environment", ())), dict(said.get("set", {})))


def _command(name: str, said: Mapping[str, Any], directory: str) -> Command:
    what = f"command “{name}”"
    _known(what, said, {"title", "tool", "argv", "directory", "timeout_seconds", "reads", "copy_first", "arguments"})
    argv, tool = tuple(said.get("argv", ())), TOOLS.get(said.get("tool", "other"))
    where = said.get("directory", directory)
    if tool is None:
        raise NotAllowed(f"The {what} names an unknown tool; known: {', '.join(TOOLS)}.")
    if not argv or not all(isinstance(word, str) and word for word in argv) or not os.path.isabs(argv[0]):
        raise NotAllowed(f"The {what} needs “argv”: a list of texts that begins with an absolute path.")
    if Path(argv[0]).name in SHELLS and any(word.startswith("-") and "c" in word for word in argv[1:2]):
        raise NotAllowed(f"The {what} would hand a text to a shell.")
    if not os.path.isabs(where):
        raise NotAllowed(f"The {what} needs a “directory”, an absolute path.")
    seconds = float(said.get("timeout_seconds", 15))
    if not 0 < seconds <= LONGEST_SECONDS:
        raise NotAllowed(f"The {what} needs “timeout_seconds” between 0 and {LONGEST_SECONDS:g}.")
    patterns = dict(said.get("arguments", {}))
    if {hole for word in argv for hole in _HOLE.findall(word)} != set(patterns) or _HOLE.search(argv[0]):
        raise NotAllowed(f"The {what} needs a pattern for each {{hole}} after the program, and no other.")
    if problem := unfit(tool, argv):
        raise NotAllowed(f"The {what} cannot be allowed: {problem}")
    return Command(
        name, said.get("title", name), tool, argv, where, seconds, bool(said.get("reads")),
        said.get("copy_first", ""), patterns,
    )  # fmt: skip


def _known(what: str, said: Any, names: set[str]) -> None:
    if not isinstance(said, dict):
        raise NotAllowed(f"The {what} in the file of allowed commands is not a table.")
    if odd := sorted(set(said) - names):
        raise NotAllowed(f"The {what} in the file of allowed commands has an unknown word: {', '.join(odd)}.")
