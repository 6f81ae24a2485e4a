"""HogQL as far as monitoring needs it: counts, different values, a quantile, by the minute or over the whole window."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ...simulation.measuring import Minute, minutes
from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import problem, project_of
from .beginning import iso

ROUTES = Routes()
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
SHAPE = re.compile(
    r"select\s+(?P<wanted>.+?)\s+from\s+events(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+group\s+by\s+(?P<by>\w+))?(?:\s+order\s+by\s+.+?)?(?:\s+limit\s+\d+)?",
    re.IGNORECASE | re.DOTALL,
)
LCP_OF_P95 = 5  # a page is shown so many times later than its slowest answer


@ROUTES.add("POST", "/api/projects/{project}/query/", mutates=False)
def query(world: World, request: Request, project: str) -> Response:
    """The result of a query, or, where that is the habit, a status to ask for."""
    found = project_of(world, request, project, "query:read")
    asked = request.object().get("query")
    if not isinstance(asked, dict) or asked.get("kind") != "HogQLQuery":
        raise _bad("A HogQLQuery is needed here.", "query")
    habits = world.settings("posthog")
    told = {**_result(world, found["slug"], _filled(asked)), **_kept(world, habits["cached"])}
    if not habits["async_queries"]:
        return answer(200, told)
    waiting = world.state("posthog").setdefault("waiting", {})
    name = uuid4().hex
    waiting[name] = {"polls": 0, "told": told}
    return answer(202, {"query_status": {"id": name, "team_id": int(project), "complete": False, "query_async": True}})


@ROUTES.add("GET", "/api/projects/{project}/query/{name}/")
def status(world: World, request: Request, project: str, name: str) -> Response:
    """Complete from the second time on."""
    project_of(world, request, project, "query:read")
    found = world.state("posthog").get("waiting", {}).get(name)
    if not found:
        raise Refused(answer(404, problem("invalid_request", "not_found", "Query not found.")))
    found["polls"] += 1
    complete = found["polls"] > 1
    told = {"id": name, "team_id": int(project), "complete": complete, "error": False}
    return answer(200 if complete else 202, {"query_status": {**told, "results": found["told"] if complete else None}})


def _kept(world: World, cached: bool) -> dict[str, Any]:
    refreshed = iso(world.now() - (900 if cached else 0))
    return {"is_cached": cached, "cache_key": "cache_simulated", "last_refresh": refreshed, "timings": []}


def _filled(asked: dict[str, Any]) -> str:
    """The query with its values in their places."""
    values = asked.get("values") or {}

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise _bad(f"Placeholder {{{found[1]}}} is not available in this context.", "query")
        text = str(values[found[1]]).replace("\\", "\\\\").replace("'", "\\'")
        return f"'{text}'"

    return re.sub(r"\{(\w+)\}", value, str(asked.get("query") or "")).strip()


def _result(world: World, slug: str, hogql: str) -> dict[str, Any]:
    if hogql.lower() == "select 1":
        return {"results": [[1]], "columns": ["1"], "types": [["1", "UInt8"]]}
    found = SHAPE.fullmatch(hogql)
    if not found:
        raise _bad(f"Syntax error near: {hogql[:40]}", "query")
    where = found["where"] or ""
    span = re.search(r"interval\s+(\d+)\s+(second|minute|hour|day)", where, re.IGNORECASE)
    seconds = int(span[1]) * SECONDS[span[2].lower()] if span else 86400
    until = world.now() // 60 * 60
    counted = [] if "$host = 'nobody" in where else list(minutes(world, slug, until - seconds, until))
    wanted = _columns(found["wanted"])
    groups = [[one] for one in counted] if found["by"] else [counted]
    rows = [[_value(expression, group) for expression in wanted] for group in groups]
    return {"results": rows, "columns": wanted, "types": [[name, "Nullable"] for name in wanted]}


def _columns(text: str) -> list[str]:
    """The wanted expressions: parted at commas that no bracket holds, without the names given to them."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [re.sub(r"\)\s+(?:as\s+)?\w+$", ")", part.strip()) for part in parts]


def _value(expression: str, counted: list[Minute]) -> Any:
    text = re.sub(r"\s+", " ", expression)
    if text == "now()" or text.startswith(("max(timestamp", "toStartOfMinute(timestamp")):
        return iso(counted[-1].start) if counted else None
    event = re.search(r"event = '([^']*)'", text)
    known: list[tuple[str, Callable[[Minute], float]]] = [
        ("count()", lambda one: _events(one, "")),
        ("countIf(", lambda one: _events(one, event[1] if event else "")),
        ("uniq(person_id)", lambda one: one.people),
        ("uniq(distinct_id)", lambda one: one.people),
        ("uniq($session_id)", lambda one: one.people),
        ("uniqIf($session_id, event = '$exception')", lambda one: one.sessions_failed),
    ]
    for beginning, count in known:
        if text.startswith(beginning):
            return int(sum(map(count, counted)))
    if text.startswith("quantileIf(0.95)(toFloat(properties.$web_vitals_"):
        return max((one.p95_ms for one in counted), default=0) * LCP_OF_P95 if counted else None
    raise _bad(f"Unsupported function call or unknown field: {expression}", "query")


def _events(minute: Minute, event: str) -> float:
    each = {"$pageview": minute.requests // 3, "$exception": minute.failures, "$web_vitals": minute.people}
    return sum(each.values()) if not event else each.get(event, 0)


def _bad(text: str, attr: str) -> Refused:
    return Refused(answer(400, problem("validation_error", "invalid_input", text, attr)))
