"""Health of sessions: counted by the hour, as Sentry does."""

from typing import Any

from ...simulation.measuring import minutes
from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import READING, belongs, chosen, may
from .beginning import iso
from .windows import bad, seconds_of, window

ROUTES = Routes()
HOUR = 3600
FIELDS = ("sum(session)", "count_unique(user)", "crash_rate(session)", "crash_free_rate(session)")


@ROUTES.add("GET", "/api/0/organizations/{organization}/sessions/")
def sessions(world: World, request: Request, organization: str) -> Response:
    """Totals over whole hours; an interval below an hour is refused."""
    belongs(world, request, organization)
    may(world, *READING)
    fields = request.query.get("field", [])
    if not fields or set(fields) - set(FIELDS):
        raise bad(f'Invalid field: "{", ".join(sorted(set(fields) - set(FIELDS)))}"')
    if seconds_of(request.first("interval", "1h")) < HOUR:
        raise bad("The interval has to be a multiple of the minimum interval of one hour.")
    if seconds_of(request.first("statsPeriod", "24h")) < HOUR:
        raise bad("Your interval and date range would create too few results.")
    _, now = window(world, request)
    until = (now // HOUR + 1) * HOUR
    since = until - max(HOUR, seconds_of(request.first("statsPeriod", "24h")) // HOUR * HOUR)
    groups = [{"by": {}, "totals": _totals(world, organization, fields, since, until, request)}]
    if request.first("includeSeries") != "0":
        groups[0]["series"] = {name: [groups[0]["totals"][name]] for name in fields}
    intervals = [iso(start) for start in range(int(since), int(until), HOUR)]
    return answer(200, {"groups": groups, "start": iso(since), "end": iso(until), "intervals": intervals, "query": ""})


def _totals(
    world: World, organization: str, fields: list[str], since: float, until: float, request: Request
) -> dict[str, Any]:
    counted = list(minutes(world, organization, since, until)) if chosen(world, request, organization) else []
    total, crashed = sum(one.people for one in counted), sum(one.sessions_failed for one in counted)
    share = crashed / total if total else None
    values = {
        "sum(session)": total,
        "count_unique(user)": total,
        "crash_rate(session)": share,
        "crash_free_rate(session)": None if share is None else 1 - share,
    }
    return {name: values[name] for name in fields}
