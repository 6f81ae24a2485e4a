"""Counts and tables: events-timeseries, events and stats_v2."""

from ...simulation.measuring import Minute, minutes
from ...simulation.messages import Request, Response, answer
from ...simulation.routing import Routes
from ...simulation.world import World
from .account import READING, belongs, chosen, may
from .beginning import iso
from .envelopes import sent
from .windows import bad, buckets, kept, understood, window

ROUTES = Routes()
DATASETS = ("errors", "logs", "profile_functions", "spans", "tracemetrics", "uptime_results")


@ROUTES.add("GET", "/api/0/organizations/{organization}/events-timeseries/")
def timeseries(world: World, request: Request, organization: str) -> Response:
    """Counts in buckets; the newest ones are marked `incomplete`."""
    dataset, about = _asked(world, request, organization)
    axis, size = request.first("yAxis", "count()"), request.number("interval", 300)
    if axis != "count()" or size < 60:
        raise bad(f"Invalid yAxis or interval: {axis}, {size}")
    since, until = window(world, request)
    search = request.first("query")
    complete_until = world.now() - 60 * world.settings("sentry")["incomplete_minutes"]
    values = [
        {"timestamp": start * 1000, "value": int(count) if about else 0, "incomplete": start + size > complete_until}
        for start, count in buckets(
            world, organization, since, until, size, lambda one: _count(world, organization, dataset, search, one)
        )
    ]
    meta = {"valueUnit": None, "valueType": "integer", "interval": size * 1000}
    series = {"values": values, "yAxis": axis, "groupBy": None, "meta": meta}
    return answer(
        200, {"timeSeries": [series], "meta": {"dataset": dataset, "start": since * 1000, "end": until * 1000}}
    )


@ROUTES.add("GET", "/api/0/organizations/{organization}/events/")
def table(world: World, request: Request, organization: str) -> Response:
    """A table of one row: how many, and the p95 of requests."""
    dataset, about = _asked(world, request, organization)
    since, until = window(world, request)
    fields = request.query.get("field", [])
    if not fields or len(fields) > 20:
        raise bad("Between 1 and 20 fields are needed.")
    counted = list(minutes(world, organization, since, until)) if about else []
    total = sum(_count(world, organization, dataset, request.first("query"), one) for one in counted)
    slow = sum(one.p95_ms * one.requests for one in counted)
    p95 = slow / total if total and dataset == "spans" else None
    rows = [{name: _value(name, total, p95) for name in fields}]
    kinds = {name: "number" if "(" in name else "string" for name in fields}
    return answer(200, {"data": rows, "meta": {"fields": kinds, "dataset": dataset}})


@ROUTES.add("GET", "/api/0/organizations/{organization}/stats_v2/")
def volume(world: World, request: Request, organization: str) -> Response:
    """How many events were accepted and how many thrown away."""
    belongs(world, request, organization)
    may(world, *READING)
    if request.first("field") != "sum(quantity)" or not request.query.get("groupBy"):
        raise bad("field and groupBy are required")
    since, until = window(world, request)
    since = since // 3600 * 3600
    counted = list(minutes(world, organization, since, until)) if chosen(world, request, organization) else []
    accepted = sum(kept(world, organization, one) for one in counted)
    lost = sum(one.failures + sent(world, organization, one.start) for one in counted) - accepted
    outcomes = {"accepted": accepted, **({"rate_limited": lost} if lost else {})}
    groups = [
        {"by": {"outcome": name}, "totals": {"sum(quantity)": total}, "series": {"sum(quantity)": [total]}}
        for name, total in outcomes.items()
    ]
    return answer(200, {"start": iso(since), "end": iso(until), "intervals": [iso(since)], "groups": groups})


def _asked(world: World, request: Request, organization: str) -> tuple[str, bool]:
    belongs(world, request, organization)
    may(world, *READING)
    dataset = request.first("dataset")
    if dataset not in DATASETS:
        raise bad(f"dataset must be one of: {', '.join(DATASETS)}")
    understood(request)
    return dataset, chosen(world, request, organization)


def _count(world: World, organization: str, dataset: str, search: str, minute: Minute) -> float:
    """How many events of a minute fit a search; of searches only the status of requests is understood."""
    habits = world.settings("sentry")
    if dataset == "errors":
        return kept(world, organization, minute)
    if dataset != "spans" or not habits["traces"] or ("span.status" in search and not habits["statuses"]):
        return 0
    return minute.failures if "!span.status:[ok,cancelled,unknown]" in search else minute.requests


def _value(name: str, total: float, p95: float | None) -> float | None:
    if name == "count()":
        return total
    if name == "p95(span.duration)":
        return round(p95, 2) if p95 is not None else None
    raise bad(f"Invalid query. {name} is not a valid function")
