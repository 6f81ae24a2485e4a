"""The series of a customer's requests: counters by status, and a histogram of durations."""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from ...simulation.measuring import Minute, minutes
from ...simulation.organisations import organisation
from ...simulation.world import World

DAY = 86_400
BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, math.inf)  # seconds
KNEE = 0.95


@dataclass(frozen=True)
class Moment:
    """Whose series are looked at, and when (epoch seconds)."""

    world: World
    slug: str
    at: float

    def before(self, seconds: float) -> "Moment":
        """The same so much earlier."""
        return Moment(self.world, self.slug, self.at - seconds)

    def last(self, seconds: float) -> list[Minute]:
        """The whole minutes of the window that ends here."""
        until = self.at // 60 * 60
        return list(minutes(self.world, self.slug, until - seconds, until))

    def today(self) -> list[Minute]:
        """Every whole minute since the counters began, at the last midnight."""
        return self.last(self.at // 60 * 60 - self.at // DAY * DAY)


@dataclass(frozen=True)
class Series:
    """One counter: its labels, with its name, and by how much it grows in a minute; a gauge has a `level` instead."""

    labels: dict[str, str]
    grows: Callable[[Minute], float]
    level: float | None = None


def of(moment: Moment) -> Iterator[Series]:
    """Every series of the moment's customer."""
    service = organisation(moment.slug).project_name
    common = {"job": service, "service": service, "instance": f"{service}:8080"}
    yield Series({"__name__": "up", **common}, lambda minute: 0.0, 1.0)
    status = moment.world.settings("prometheus")["status_label"]
    for code, counted in (("200", _good), ("500", _bad)):
        yield Series({"__name__": "http_requests_total", **common, status: code}, counted)
    name = "http_request_duration_seconds"
    yield Series({"__name__": f"{name}_count", **common}, _requests)
    for le in BUCKETS:
        text = "+Inf" if le == math.inf else f"{le:g}"
        yield Series({"__name__": f"{name}_bucket", **common, "le": text}, partial(_within, le))


def chosen(moment: Moment, name: str, matchers: Iterable[tuple[str, str, str]]) -> list[Series]:
    """The series with a name (any for an empty one) whose labels fit every (label, sign, text)."""
    fits: dict[str, Callable[[str, str], bool]] = {
        "=": lambda value, wanted: value == wanted,
        "!=": lambda value, wanted: value != wanted,
        "=~": lambda value, wanted: bool(re.fullmatch(wanted, value)),
        "!~": lambda value, wanted: not re.fullmatch(wanted, value),
    }
    return [
        one
        for one in of(moment)
        if name in ("", one.labels["__name__"])
        and all(fits[sign](one.labels.get(label, ""), wanted) for label, sign, wanted in matchers)
    ]


def _good(minute: Minute) -> float:
    return minute.requests - minute.failures


def _bad(minute: Minute) -> float:
    return minute.failures


def _requests(minute: Minute) -> float:
    return minute.requests


def _within(le: float, minute: Minute) -> float:
    """How many requests of a minute took at most `le` seconds: evenly up to the p95, the rest within as much again."""
    p95 = minute.p95_ms / 1000
    share = KNEE * le / p95 if le <= p95 else min(1.0, KNEE + (1 - KNEE) * (le - p95) / p95)
    return minute.requests * share
