"""The Datadog simulator: traces of each customer's requests as metrics, events by tag, one monitor.

Settings: `appear_seconds` (3: from taking an event to showing it), `error_with_200` ("": an error that queries answer),
`rights` ("full", or "no_query", "no_events": what application keys may read), `page` (1000: events of a page).
The figures follow `simulation.measuring`: what hosting serves, and the site's deeds `rise`, `fall`, `silence`.
"""

from typing import Any

from ...simulation.messages import Request, Response, answer
from ...simulation.organisations import ORGANISATIONS, Organisation
from ...simulation.world import Refusal, Simulator, State, World, habits
from . import events, figures

RESET_SECONDS = "30"


def keys(organisation: Organisation) -> dict[str, str]:
    """The two keys of an organisation."""
    return {"api_key": f"dd-api-simulated-{organisation.slug}", "app_key": f"dd-app-simulated-{organisation.slug}"}


def start(epoch: float) -> State:
    """Whose keys are whose, and no events yet."""
    return {
        "simulation": habits(appear_seconds=3, error_with_200="", rights="full", page=1000),
        "api_keys": {keys(o)["api_key"]: o.slug for o in ORGANISATIONS},
        "app_keys": {keys(o)["app_key"]: o.slug for o in ORGANISATIONS},
        "events": {o.slug: [] for o in ORGANISATIONS},
    }


def describe(state: State) -> dict[str, Any]:
    """Settings, credentials and objects; the first organisation's at the top."""
    each = {
        o.slug: {
            "settings": {"service": o.project_name, "env": "production", "operation": "http.request"},
            "credentials": keys(o),
            "objects": {"monitor": figures.MONITOR, "metrics": list(figures.METRICS)},
        }
        for o in ORGANISATIONS
    }
    return {**each[ORGANISATIONS[0].slug], "organisations": each}


def refuse(refusal: Refusal) -> Response:
    """An error in Datadog's shape; a rate limit names the seconds until its end and has no Retry-After."""
    if refusal.status != 429:
        return answer(refusal.status, {"errors": [refusal.message]})
    limits = {"x_ratelimit_limit": "600", "x_ratelimit_period": "60", "x_ratelimit_remaining": "0"}
    seconds = refusal.retry_after or RESET_SECONDS
    return answer(429, {"errors": ["Rate limit exceeded"]}, **limits, x_ratelimit_reset=seconds)


def guard(world: World, request: Request) -> Response | None:
    """403 without an API key that somebody has, and for reading without its application key."""
    state = world.state("datadog")
    slug = state["api_keys"].get(request.headers.get("dd-api-key", ""))
    if slug is None:
        return answer(403, {"errors": ["Forbidden"]})
    alone = request.path == "/api/v1/validate" or (request.method, request.path) == ("POST", "/api/v1/events")
    if not alone and state["app_keys"].get(request.headers.get("dd-application-key", "")) != slug:
        return answer(403, {"errors": ["Forbidden"]})
    forbidden = {"no_query": "/api/v1/query", "no_events": "/api/v1/events"}.get(state["simulation"]["rights"])
    if forbidden and request.path == forbidden and request.method == "GET":
        return answer(403, {"errors": ["Failed permission authorization checks"]})
    return None


SIMULATOR = Simulator(
    slug="datadog",
    routes=figures.ROUTES.merge(events.ROUTES),
    start=start,
    describe=describe,
    refuse=refuse,
    guard=guard,
)
