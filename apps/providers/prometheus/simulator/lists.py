"""What else a Prometheus tells: series by selector, targets, the rule that watches the site, and its alert."""

from typing import Any

from ...simulation.measuring import alert
from ...simulation.messages import Request, Response
from ...simulation.world import World
from .parsing import Selector, Unreadable, parsed
from .rest import ROUTES, api, refused, success, whose
from .series import Moment, chosen, of

RULE = 'sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m])) > 0.05'
__all__ = ["ROUTES"]


@api("GET", "/api/v1/series")
@api("POST", "/api/v1/series")
def series(world: World, request: Request) -> Response:
    """The labels of every series that one of the selectors fits."""
    now = Moment(world, whose(world, request), world.now())
    found = []
    for text in request.query.get("match[]") or request.query.get("match") or [request.form().get("match[]", "")]:
        try:
            tree = parsed(text)
        except Unreadable as error:
            raise refused(400, "bad_data", f'invalid parameter "match[]": {error}') from None
        if isinstance(tree, Selector):
            found += [one.labels for one in chosen(now, tree.name, tree.matchers)]
    return success(world, found)


@api("GET", "/api/v1/metadata")
def metadata(world: World, request: Request) -> Response:
    """What each metric is."""
    now = Moment(world, whose(world, request), world.now())
    names = {one.labels["__name__"]: "gauge" if one.level is not None else "counter" for one in of(now)}
    return success(world, {name: [{"type": kind, "help": "", "unit": ""}] for name, kind in names.items()})


@api("GET", "/api/v1/targets")
def targets(world: World, request: Request) -> Response:
    """The one target, scraped as often as the habit says."""
    labels = next(of(Moment(world, whose(world, request), world.now()))).labels
    seconds = world.settings("prometheus")["scrape_seconds"]
    own = {name: value for name, value in labels.items() if name != "__name__"}
    one = {"labels": own, "discoveredLabels": own, "health": "up", "lastError": "", "scrapePool": own["job"]}
    more = {"scrapeInterval": f"{seconds}s", "scrapeUrl": f"http://{own['instance']}/metrics", "scrapeTimeout": "10s"}
    return success(world, {"activeTargets": [{**one, **more}], "droppedTargets": []})


@api("GET", "/api/v1/rules")
def rules(world: World, request: Request) -> Response:
    """The rule behind the alert."""
    found = _alerts(world, request)
    about = {"name": "HighErrorRate", "query": RULE, "duration": 0, "labels": {}, "annotations": {}, "health": "ok"}
    rule = {**about, "type": "alerting", "state": "firing" if found else "inactive", "alerts": found}
    return success(world, {"groups": [{"name": "site", "file": "site.yml", "interval": 60, "rules": [rule]}]})


@api("GET", "/api/v1/alerts")
def alerts(world: World, request: Request) -> Response:
    """The alert, while it fires."""
    return success(world, {"alerts": _alerts(world, request)})


def _alerts(world: World, request: Request) -> list[dict[str, Any]]:
    one = alert(world, whose(world, request))
    if one["status"] != "firing":
        return []
    told = {name: one[name] for name in ("labels", "annotations")}
    return [{**told, "state": "firing", "activeAt": one["startsAt"], "value": "1.2e-01"}]
