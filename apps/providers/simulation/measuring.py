"""What monitoring would have counted at a customer's site, minute by minute: it follows what hosting serves.

While a broken release serves, about one request in eight fails and the pages are slow; after the rollback both fall
again, address by address. The past is derived from the same truth, so a window that reaches back before the rollback
still holds its errors. Deeds of the site (`rise`, `fall`, `silence`, `speak`) change it by hand.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import traffic
from .organisations import ORGANISATIONS, Organisation
from .world import World

MINUTE, HOUR = 60, 3600
REQUESTS = 240  # of a minute, and up to 40 more, by the hour
FAILING_PERCENT = 0.4  # of requests while all is well
BROKEN_PERCENT = 12.0  # of requests while a broken release serves every address
P95_MS, BROKEN_P95_MS = 180.0, 470.0
ALERT_SHARE = 0.05  # of requests
PEOPLE = 12  # one of so many requests is another person's


@dataclass(frozen=True)
class Minute:
    """What was counted in the minute that begins at `start` (epoch seconds)."""

    start: int
    requests: int
    failures: int
    p95_ms: float

    @property
    def people(self) -> int:
        """How many different people came."""
        return -(-self.requests // PEOPLE)

    @property
    def sessions_failed(self) -> int:
        """How many of them left because of failures: a single one is got over by trying again."""
        return min(self.failures // 4, self.people)


def minutes(world: World, slug: str, since: float, until: float, *, running: bool = False) -> Iterator[Minute]:
    """Each whole minute that begins between `since` and `until` (epoch seconds); silent ones are left out.

    `running` adds the minute that is not over yet, as far as it has come.
    """
    now = world.now()
    for start in range(int(-(-since // MINUTE) * MINUTE), int(min(until, now)) + 1, MINUTE):
        share = min(1.0, (now - start) / MINUTE)
        if start < until and (running or share == 1.0) and not _covering(world, "silences", slug, start):
            yield _minute(world, slug, start, share)


def _minute(world: World, slug: str, start: int, share: float) -> Minute:
    broken = broken_share(world, _organisation(slug), start)
    by_hand = _covering(world, "rises", slug, start)
    percent = FAILING_PERCENT + (BROKEN_PERCENT - FAILING_PERCENT) * broken
    p95 = P95_MS + (BROKEN_P95_MS - P95_MS) * broken
    if by_hand:
        percent, p95 = by_hand["percent"], by_hand["p95_ms"] or p95
    requests = int((REQUESTS + _chance(slug, start, "requests") * 40) * share)
    failures = round(requests * percent / 100)
    return Minute(start, requests, failures, round(p95 * (0.97 + 0.06 * _chance(slug, start, "p95")), 1))


def alert(world: World, slug: str) -> dict[str, Any]:
    """The alert that watches a site, as Alertmanager words it: it fires while too many of the last requests fail."""
    now = world.now() // MINUTE * MINUTE
    bad = [one.start for one in minutes(world, slug, now - HOUR, now) if one.failures > one.requests * ALERT_SHARE]
    firing = bool(bad) and bad[-1] >= now - MINUTE
    labels = {"alertname": "HighErrorRate", "service": _organisation(slug).project_name, "severity": "critical"}
    return {
        "status": "firing" if firing else "resolved",
        "labels": labels,
        "annotations": {"summary": "More than 5 % of requests fail"},
        "startsAt": _iso(_beginning(bad) if bad else now - HOUR),
        "endsAt": "0001-01-01T00:00:00Z" if firing else _iso(bad[-1] + MINUTE if bad else now - HOUR),
        "generatorURL": "http://prometheus.example:9090/graph",
        "fingerprint": f"{zlib.crc32(slug.encode()):08x}{zlib.crc32(labels['service'].encode()):08x}",
    }


def _beginning(bad: list[int]) -> int:
    """When the last run of bad minutes began."""
    first = bad[-1]
    while first - MINUTE in bad:
        first -= MINUTE
    return first


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def broken_share(world: World, organisation: Organisation, at: float) -> float:
    """Which share of an organisation's addresses a broken release served at that moment, 0 to 1."""
    state = world.state("vercel")
    project = state["projects"][organisation.project]
    traffic.finish_builds(state, world.now_ms())
    traffic.settle(project, world.now_ms())
    records = list(project["aliases"].values())
    return sum(_broken(state, record, at * 1000) for record in records) / max(len(records), 1)


def _broken(state: dict[str, Any], record: dict[str, Any], at_ms: float) -> bool:
    arrived = at_ms >= record["moved_at"] + state["simulation"]["edge_delay_seconds"] * 1000
    deployment = state["deployments"].get(record["deployment"] if arrived else record["before"])
    return bool(deployment and deployment["broken"] and at_ms >= (deployment["promoted_at"] or 0))


def _organisation(slug: str) -> Organisation:
    return next(organisation for organisation in ORGANISATIONS if organisation.slug == slug)


def _covering(world: World, kind: str, slug: str, at: float) -> dict[str, Any] | None:
    """The last thing done by hand that holds at that moment."""
    done: list[dict[str, Any]] = world.state("site").get(kind, {}).get(slug, [])
    return next((one for one in reversed(done) if one["from"] <= at and at < (one["until"] or at + 1)), None)


def _chance(slug: str, start: int, what: str) -> float:
    """A number between 0 and 1 that is the same whenever it is asked for, and moves by the hour."""
    return zlib.crc32(f"{slug}:{start // HOUR}:{what}".encode()) % 1000 / 1000


def begin(world: World, kind: str, order: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Deed: from the minute `since_minutes` ago on (now when absent), until it is ended."""
    slug = _organisation(str(order["organisation"])).slug
    since = world.now() - 60 * float(order.get("since_minutes", 0))
    began = {"from": since - since % MINUTE, "until": None, **more}
    world.state("site").setdefault(kind, {}).setdefault(slug, []).append(began)
    return began


def end(world: World, kind: str, order: dict[str, Any]) -> dict[str, Any]:
    """Deed: everything of that kind that is still going on ends with this minute's beginning."""
    ended = [one for one in world.state("site").get(kind, {}).get(order["organisation"], []) if one["until"] is None]
    for one in ended:
        one["until"] = world.now() - world.now() % MINUTE
    return {"ended": len(ended)}


def rise(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed {organisation, percent, p95_ms?, since_minutes?}: so many of the requests fail, whatever is served."""
    return begin(world, "rises", order, percent=float(order["percent"]), p95_ms=float(order.get("p95_ms", 0)))


def fall(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed {organisation}: the rises end."""
    return end(world, "rises", order)


def silence(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed {organisation, since_minutes?}: nothing is counted any more, as when reporting itself is broken."""
    return begin(world, "silences", order)


def speak(world: World, order: dict[str, Any]) -> dict[str, Any]:
    """Deed {organisation}: counting goes on."""
    return end(world, "silences", order)


DEEDS = {"rise": rise, "fall": fall, "silence": silence, "speak": speak}
