"""SCAN and Redis' patterns: a walk that sees every key that stays, some twice, with empty batches between."""

import re
import zlib
from typing import Any

Keys = dict[str, Any]
SLOTS = 65536


class CommandError(ValueError):
    """What Redis answers instead of a result; the text is Redis' own."""


def scan(arguments: list[str], keys: Keys, habits: dict[str, Any]) -> list[Any]:
    """A cursor and a batch: sometimes empty with a cursor that goes on, sometimes with a key twice."""
    options = {arguments[i].upper(): arguments[i + 1] for i in range(1, len(arguments) - 1, 2)}
    try:
        position = int(arguments[0])
        count = min(int(options.get("COUNT", 10)), int(habits.get("batch", 100)))
    except (IndexError, ValueError):
        raise CommandError("ERR invalid cursor") from None
    fits = glob(options.get("MATCH", "*"))
    # Redis walks a hash table: deleting what was seen must not make it skip the rest. Slots stand still.
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


def _slot(key: str) -> int:
    """Where a key stands in the walk, 1 to 65535, independent of what else there is."""
    return zlib.crc32(key.encode()) % (SLOTS - 1) + 1


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


def glob(pattern: str) -> re.Pattern[str]:
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
    try:
        return re.compile(made, re.DOTALL)
    except re.error:  # such as a range that runs backwards: it fits nothing, as in Redis
        return re.compile(r"(?!)")
