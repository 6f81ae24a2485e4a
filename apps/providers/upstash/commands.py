"""The Redis commands the Upstash simulator knows, on a plain dictionary. Strings only; nothing expires."""

import re
from collections.abc import Callable
from typing import Any

Keys = dict[str, Any]
CHANGING = frozenset(
    {"SET", "SETEX", "MSET", "DEL", "UNLINK", "FLUSHDB", "FLUSHALL", "INCR", "INCRBY", "DECR", "EXPIRE", "RENAME",
     "GETDEL", "SETNX", "APPEND"}
)  # fmt: skip


class CommandError(ValueError):
    """What Redis answers instead of a result; the text is Redis' own."""


def perform(command: list[str], keys: Keys, habits: dict[str, Any] | None) -> Any:
    """Runs one command on `keys`; raises `CommandError`. `COMMAND-EXISTS name` only looks the name up."""
    if not command:
        raise CommandError("ERR empty command")
    name, arguments = str(command[0]).upper(), command[1:]
    if name == "COMMAND-EXISTS":
        name = str(arguments[0]).upper()
        _known(name)
        return 1
    if name == "SCAN":
        return scan(arguments, keys, habits or {})
    least, handler = _known(name)
    if len(arguments) < least:
        raise CommandError(f"ERR wrong number of arguments for '{name.lower()}' command")
    return handler(keys, arguments)


def scan(arguments: list[str], keys: Keys, habits: dict[str, Any]) -> list[Any]:
    """A cursor and a batch: sometimes empty with a cursor that goes on, sometimes with keys that were given before."""
    options = {arguments[i].upper(): arguments[i + 1] for i in range(1, len(arguments) - 1, 2)}
    try:
        position = int(arguments[0])
        count = min(int(options.get("COUNT", 10)), int(habits.get("batch", 100)))
    except (IndexError, ValueError):
        raise CommandError("ERR invalid cursor") from None
    fits = _glob(options.get("MATCH", "*"))
    # Redis walks a hash table: deleting what was seen must not make it skip the rest. Slots keep the order still.
    ordered = sorted(keys, key=lambda key: (_slot(key), key))
    rest = [key for key in ordered if _slot(key) >= position % SLOTS]
    turn = position // SLOTS
    empty_every = int(habits.get("empty_every", 0))
    if empty_every and turn % empty_every == empty_every - 1:
        return [str((turn + 1) * SLOTS + position % SLOTS), []]
    batch, following = _batch(rest, count)
    found = [key for key in batch if fits.fullmatch(key)]
    if habits.get("duplicates") and found and turn % 2:
        found.append(found[0])
    return [str((turn + 1) * SLOTS + following) if following is not None else "0", found]


SLOTS = 65536


def _slot(key: str) -> int:
    """Where a key stands in the walk, 1 to 65535, independent of what else there is."""
    value = 2166136261
    for byte in key.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value % (SLOTS - 1) + 1


def _batch(rest: list[str], count: int) -> tuple[list[str], int | None]:
    """Up to `count` keys and the slot to go on from; keys of one slot stay together."""
    if len(rest) <= count:
        return rest, None
    following = _slot(rest[count])
    batch = [key for key in rest[: count + 1] if _slot(key) < following]
    if batch:
        return batch, following
    together = [key for key in rest if _slot(key) == following]
    after = [key for key in rest if _slot(key) > following]
    return together, _slot(after[0]) if after else None


def _glob(pattern: str) -> re.Pattern[str]:
    """Redis' glob: `*`, `?`, `[a-z]`, `[^x]` and a backslash before what is meant literally."""
    made, position = "", 0
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\" and position + 1 < len(pattern):
            position += 1
            made += re.escape(pattern[position])
        elif letter == "[" and "]" in pattern[position:]:
            end = pattern.index("]", position)
            made += f"[{pattern[position + 1 : end]}]"
            position = end
        else:
            made += {"*": ".*", "?": "."}.get(letter) or re.escape(letter)
        position += 1
    return re.compile(made, re.DOTALL)


def _known(name: str) -> tuple[int, Callable[[Keys, list[str]], Any]]:
    if name == "SCAN":
        return 1, lambda keys, arguments: None
    if name not in COMMANDS:
        raise CommandError(
            f"ERR Command is not available: '{name}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details"
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
        step = by * int(arguments[1]) if len(arguments) > 1 else by
        try:
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
    fits = _glob(arguments[0])
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
