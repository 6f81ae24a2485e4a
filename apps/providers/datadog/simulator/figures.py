"""Metrics of traces behind the query language as far as a service needs it, and the monitor that watches them."""

import re
import time
from collections.abc import Callable
from typing import Any

from ...simulation.measuring import Minute, minutes
from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.organisations import organisation
from ...simulation.routing import Routes
from ...simulation.world import World
from .events import whose

ROUTES = Routes()
MONITOR = 8801
QUERY = re.compile(
    r"(?P<aggr>\w+):(?P<metric>[\w.]+)\{(?P<scope>[^}]*)\}(?P<by>\s*by\s*\{[^}]*\})?(?:\.as_(?:count|rate)\(\))?"
    r"(?:\.rollup\((?:\w+\s*,\s*)?(?P<size>\d+)\))?"
)
METRICS: dict[str, Callable[[Minute], float]] = {
    "trace.http.request.hits": lambda one: one.requests,
    "trace.http.request.errors": lambda one: one.failures,
    "trace.http.request": lambda one: one.p95_ms / 1000,
}


@ROUTES.add("GET", "/api/v1/validate")
def validate(world: World, request: Request) -> Response:
    """The API key is one; the door has asked already."""
    return answer(200, {"valid": True})


@ROUTES.add("GET", "/api/v1/query")
def query(world: World, request: Request) -> Response:
    """The series of a metric query between two times of the asker's clock."""
    text, ahead = request.first("query"), world.now() - time.time()
    since, until = request.number("from", 0), request.number("to", 0)
    if until <= since:
        raise Refused(answer(400, {"errors": ["from must be before to"]}))
    told = {"res_type": "time_series", "resp_version": 1, "query": text, "group_by": [], "message": ""}
    told.update(from_date=since * 1000, to_date=until * 1000, values=[], times=[])
    if error := world.settings("datadog")["error_with_200"]:
        return answer(200, {**told, "status": "error", "error": error, "series": []})
    found = [QUERY.fullmatch(part.strip()) for part in re.split(r",(?![^{(]*[})])", text)]
    if not all(found):
        raise Refused(answer(400, {"errors": [f"Error parsing query: unable to parse {text}: Rule 'scope_expr'"]}))
    counted = list(minutes(world, whose(world, request), since + ahead, until + ahead))
    made = [_series(world, request, one, counted, ahead, number) for number, one in enumerate(found) if one]
    return answer(200, {**told, "status": "ok", "series": [one for one in made if one["pointlist"]]})


@ROUTES.add("GET", "/api/v1/monitor")
def monitors(world: World, request: Request) -> Response:
    """The one monitor."""
    return answer(200, [_monitor(world, request)])


@ROUTES.add("GET", "/api/v1/monitor/{number}")
def monitor(world: World, request: Request, number: str) -> Response:
    """Its state: Alert while more than 5 % of the last five minutes' requests failed, No Data in silence."""
    if number != str(MONITOR):
        raise Refused(answer(404, {"errors": ["Monitor not found"]}))
    return answer(200, _monitor(world, request))


def _monitor(world: World, request: Request) -> dict[str, Any]:
    counted = list(minutes(world, whose(world, request), world.now() - 360, world.now()))
    total, failed = sum(one.requests for one in counted), sum(one.failures for one in counted)
    state = "No Data" if not total else "Alert" if failed / total > 0.05 else "OK"
    text = "sum(last_5m):sum:trace.http.request.errors{*} / sum:trace.http.request.hits{*} > 0.05"
    about = {"id": MONITOR, "name": "Requests fail", "type": "query alert", "query": text, "tags": [], "options": {}}
    return {**about, "message": "@webhook-rollback-portal", "overall_state": state}


def _series(
    world: World, request: Request, asked: re.Match[str], counted: list[Minute], ahead: float, number: int
) -> dict[str, Any]:
    size = int(asked["size"] or 60)
    measure = METRICS.get(asked["metric"])
    own = {f"service:{organisation(whose(world, request)).project_name}", "env:production", "*"}
    scope = {tag.strip() for tag in asked["scope"].split(",")}
    parts: dict[int, list[float]] = {}
    for minute in counted if measure and scope <= own else ():
        parts.setdefault(round(minute.start - ahead) // size * size, []).append(measure(minute) if measure else 0)
    sums = asked["metric"].endswith((".hits", ".errors"))
    points = [[at * 1000.0, float(sum(values) if sums else max(values))] for at, values in sorted(parts.items())]
    return {
        "aggr": asked["aggr"],
        "metric": asked["metric"],
        "expression": asked[0],
        "display_name": asked["metric"],
        "scope": asked["scope"],
        "tag_set": [],
        "query_index": number,
        "interval": size,
        "length": len(points),
        "start": int(points[0][0]) if points else 0,
        "end": int(points[-1][0]) + size * 1000 - 1 if points else 0,
        "unit": [None, None],
        "pointlist": points,
        "attributes": {},
    }
