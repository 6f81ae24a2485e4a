"""The query API: expressions now and over a range, names of series and labels, and who answers."""

import time
from datetime import datetime
from typing import Any

from ...simulation.messages import Refused, Request, Response, answer
from ...simulation.organisations import ORGANISATIONS
from ...simulation.routing import Routes
from ...simulation.world import World
from .evaluating import Unfit, evaluated, ranged
from .parsing import Selector, Unreadable, parsed
from .series import Moment, of

ROUTES = Routes()
MOST_POINTS = 11_000


def api(method: str, path: str) -> Any:
    """Registers a page that only reads, whatever its method."""
    return ROUTES.add(method, path, mutates=False)


@api("GET", "/api/v1/query")
@api("POST", "/api/v1/query")
def query(world: World, request: Request) -> Response:
    """The value of an expression at one moment."""
    at = _time(world, _given(request, "time"))
    kind, result = _result(world, request, at)
    if kind == "matrix":
        rows = [{"metric": labels, "values": [[then, _text(value)] for then, value in all_]} for labels, all_ in result]
        return success(world, {"resultType": "matrix", "result": rows})
    if kind == "scalar":
        return success(world, {"resultType": "scalar", "result": [at, _text(result)]})
    items = [{"metric": labels, "value": [at, _text(value)]} for labels, value in result]
    return success(world, {"resultType": "vector", "result": items})


@api("GET", "/api/v1/query_range")
@api("POST", "/api/v1/query_range")
def query_range(world: World, request: Request) -> Response:
    """Its values at each step of a range."""
    since, until = (_time(world, _given(request, name)) for name in ("start", "end"))
    step = _seconds(_given(request, "step"))
    if step <= 0 or (until - since) / step > MOST_POINTS:
        raise refused(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")
    found: dict[tuple[tuple[str, str], ...], list[Any]] = {}
    for number in range(int((until - since) // step) + 1):
        at = since + number * step
        kind, result = _result(world, request, at)
        if kind == "matrix":
            raise refused(400, "bad_data", 'invalid expression type "range vector" for range query')
        for labels, value in result if kind == "vector" else [({}, result)]:
            found.setdefault(tuple(sorted(labels.items())), []).append([at, _text(value)])
    items = [{"metric": dict(labels), "values": values} for labels, values in found.items()]
    return success(world, {"resultType": "matrix", "result": items})


@api("GET", "/api/v1/label/{name}/values")
def label_values(world: World, request: Request, name: str) -> Response:
    """Every value of a label; that of `__name__` are the metrics."""
    now = Moment(world, whose(world, request), world.now())
    return success(world, sorted({one.labels[name] for one in of(now) if name in one.labels}))


@api("GET", "/api/v1/labels")
def labels(world: World, request: Request) -> Response:
    """Every label."""
    now = Moment(world, whose(world, request), world.now())
    return success(world, sorted({name for one in of(now) for name in one.labels}))


@api("GET", "/api/v1/status/buildinfo")
def build(world: World, request: Request) -> Response:
    """Which version answers."""
    return success(world, {"version": "3.5.0", "revision": "simulated", "branch": "HEAD", "goVersion": "go1.24"})


@api("GET", "/-/healthy")
@api("GET", "/-/ready")
@api("GET", "/")
def healthy(world: World, request: Request) -> Response:
    """It is there."""
    return Response(200, b"Prometheus Server is Healthy.\n", {"content-type": "text/plain"})


def _result(world: World, request: Request, at: float) -> tuple[str, Any]:
    text = _given(request, "query")
    moment = Moment(world, whose(world, request), at)
    try:
        tree = parsed(text)
        if isinstance(tree, Selector) and tree.window:
            return "matrix", ranged(tree, moment)
        result = evaluated(tree, moment)
    except Unreadable as error:
        raise refused(400, "bad_data", f'invalid parameter "query": {error}') from None
    except Unfit as error:
        raise refused(422, "execution", str(error)) from None
    return ("scalar", result) if isinstance(result, float) else ("vector", result)


def whose(world: World, request: Request) -> str:
    """The organisation of the token; the first one without."""
    whose: str = world.state("prometheus")["tokens"].get(request.bearer(), ORGANISATIONS[0].slug)
    return whose


def _given(request: Request, name: str) -> str:
    return request.first(name) or request.form().get(name, "")


def _time(world: World, text: str) -> float:
    """A moment of the asker's clock, as one of this world's, which may be ahead."""
    if not text:
        return round(world.now(), 3)
    try:
        given = float(text) if text.replace(".", "", 1).isdigit() else datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise refused(400, "bad_data", f'cannot parse "{text}" to a valid timestamp') from None
    return given + round(world.now() - time.time(), 3)


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    try:
        return float(text[:-1]) * units[text[-1:]] if text[-1:] in units else float(text)
    except ValueError:
        raise refused(400, "bad_data", f'cannot parse "{text}" to a valid duration') from None


def _text(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.12g}"


def success(world: World, data: Any) -> Response:
    """An answer in Prometheus' envelope, with the warnings that are set."""
    warnings = world.settings("prometheus")["warnings"]
    return answer(200, {"status": "success", "data": data, **({"warnings": warnings} if warnings else {})})


def refused(status: int, kind: str, text: str) -> Refused:
    """A question that cannot be answered."""
    return Refused(answer(status, {"status": "error", "errorType": kind, "error": text}))
