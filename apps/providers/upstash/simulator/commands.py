"""The Redis commands the Upstash simulator knows, on a plain dictionary. Strings only; nothing expires."""

from collections.abc import Callable
from typing import Any

from .scanning import CommandError, Keys, glob, scan

CHANGING = frozenset(
    {"SET", "SETEX", "MSET", "DEL", "UNLINK", "FLUSHDB", "FLUSHALL", "INCR", "INCRBY", "DECR", "EXPIRE",
     "RENAME", "GETDEL", "SETNX", "APPEND"}
)  # fmt: skip


def perform(command: list[str], keys: Keys, habits: dict[str, Any]) -> Any:
    """Runs one command on `keys`; raises `CommandError`."""
    if not command:
        raise CommandError("ERR empty command")
    name, arguments = str(command[0]).upper(), command[1:]
    if name == "SCAN":
        return scan(arguments, keys, habits)
    least, handler = known(name)
    if len(arguments) < least:
        raise CommandError(f"ERR wrong number of arguments for '{name.lower()}' command")
    return handler(keys, arguments)


def known(name: str) -> tuple[int, Callable[[Keys, list[str]], Any]]:
    """Least number of arguments and handler of a command; raises `CommandError` for an unknown one."""
    if name == "SCAN":
        return 1, lambda keys, arguments: None
    if name not in COMMANDS:
        raise CommandError(
            f"ERR Command is not available: '{name}'. See the list of commands in Upstash's documentation"
        )
    return COMMANDS[name]


def _set(keys: Keys, arguments: list[str]) -> str | None:
    options = {word.upper() for word in arguments[2:]}
    if ("NX" in options and arguments[0] in keys) or ("XX" in options and arguments[0] not in keys):
        return None
    keys[arguments[0]] = arguments[1]
    return "OK"


def _mset(keys: Keys, arguments: list[str]) -> str:
    keys.update(dict(zip(arguments[::2], arguments[1::2], strict=False)))
    return "OK"


def _remove(keys: Keys, arguments: list[str]) -> int:
    return sum(keys.pop(key, None) is not None for key in arguments)


def _flush(keys: Keys, arguments: list[str]) -> str:
    keys.clear()
    return "OK"


def _increase(by: int) -> Callable[[Keys, list[str]], int]:
    def increase(keys: Keys, arguments: list[str]) -> int:
        try:
            step = by * int(arguments[1]) if len(arguments) > 1 else by
            value = int(keys.get(arguments[0], 0)) + step
        except ValueError:
            raise CommandError("ERR value is not an integer or out of range") from None
        keys[arguments[0]] = str(value)
        return value

    return increase


def _append(keys: Keys, arguments: list[str]) -> int:
    keys[arguments[0]] = str(keys.get(arguments[0], "")) + arguments[1]
    return len(keys[arguments[0]])


def _rename(keys: Keys, arguments: list[str]) -> str:
    if arguments[0] not in keys:
        raise CommandError("ERR no such key")
    keys[arguments[1]] = keys.pop(arguments[0])
    return "OK"


def _matching(keys: Keys, arguments: list[str]) -> list[str]:
    fits = glob(arguments[0])
    return [key for key in keys if fits.fullmatch(key)]


COMMANDS: dict[str, tuple[int, Callable[[Keys, list[str]], Any]]] = {
    "PING": (0, lambda keys, arguments: arguments[0] if arguments else "PONG"),
    "ECHO": (1, lambda keys, arguments: arguments[0]),
    "GET": (1, lambda keys, arguments: keys.get(arguments[0])),
    "MGET": (1, lambda keys, arguments: [keys.get(key) for key in arguments]),
    "EXISTS": (1, lambda keys, arguments: sum(key in keys for key in arguments)),
    "TYPE": (1, lambda keys, arguments: "string" if arguments[0] in keys else "none"),
    "TTL": (1, lambda keys, arguments: -1 if arguments[0] in keys else -2),
    "KEYS": (1, _matching),
    "DBSIZE": (0, lambda keys, arguments: len(keys)),
    "SET": (2, _set),
    "SETEX": (3, lambda keys, arguments: _set(keys, [arguments[0], arguments[2]])),
    "SETNX": (2, lambda keys, arguments: int(_set(keys, [*arguments[:2], "NX"]) is not None)),
    "MSET": (2, _mset),
    "DEL": (1, _remove),
    "UNLINK": (1, _remove),
    "GETDEL": (1, lambda keys, arguments: keys.pop(arguments[0], None)),
    "EXPIRE": (2, lambda keys, arguments: int(arguments[0] in keys)),
    "INCR": (1, _increase(1)),
    "INCRBY": (2, _increase(1)),
    "DECR": (1, _increase(-1)),
    "APPEND": (2, _append),
    "RENAME": (2, _rename),
    "FLUSHDB": (0, _flush),
    "FLUSHALL": (0, _flush),
}
