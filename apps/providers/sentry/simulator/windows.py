"""Which window a query is about, and what was counted in it."""

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from ...simulation.measuring import Minute, minutes
from ...simulation.messages import Refused, Request, answer
from ...simulation.world import World
from .envelopes import sent

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def bad(text: str) -> Refused:
    """A query that Sentry does not understand."""
    return Refused(answer(400, {"detail": text}))


def window(world: World, request: Request, default: str = "24h") -> tuple[float, float]:
    """Begin and end in epoch seconds, from `statsPeriod` or `start` and `end`."""
    if request.first("start") and request.first("end"):
        try:
            since, until = (datetime.fromisoformat(request.first(name)).timestamp() for name in ("start", "end"))
        except ValueError:
            raise bad("start and end must be ISO 8601") from None
        return since, until
    return world.now() - seconds_of(request.first("statsPeriod", default)), world.now()


def seconds_of(text: str) -> int:
    """A period such as `5m` in seconds."""
    found = re.fullmatch(r"(\d+)([smhdw])", text)
    if not found:
        raise bad("Invalid statsPeriod")
    return int(found[1]) * SECONDS[found[2]]


def understood(request: Request) -> None:
    """Refuse a search whose quotes or brackets do not match."""
    query = request.first("query")
    if query.count('"') % 2 or query.count("[") != query.count("]"):
        raise bad(f"Parse error at '{query[:20]}' (column {len(query)}). This is commonly caused by unmatched quotes.")


def buckets(
    world: World, organization: str, since: float, until: float, size: int, count: Callable[[Minute], float]
) -> Iterator[tuple[int, float]]:
    """Begin (epoch seconds) and count of each bucket that touches the window; silent ones hold 0."""
    first = int(since // size) * size
    found = dict.fromkeys(range(first, math.ceil(until), size), 0.0)
    for minute in minutes(world, organization, first, until, running=True):
        found[(minute.start // size) * size] += count(minute)
    yield from found.items()


def kept(world: World, organization: str, minute: Minute) -> int:
    """How many errors of a minute Sentry kept: those of the site, and those that applications sent by themselves."""
    errors = minute.failures + sent(world, organization, minute.start)
    return round(errors * (1 - world.settings("sentry")["dropped_percent"] / 100))
